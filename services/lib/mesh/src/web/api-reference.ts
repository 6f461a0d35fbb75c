import { readFileSync } from "node:fs";
import { escapeHtml } from "@bellwether/contract/escape-html";
import type { Route } from "../call/route.ts";
import { rejectMethod } from "./http-rejection.ts";
import { pathOf, sendText, type WebHandler } from "./web-handler.ts";

/** What the page shows of an operation. */
interface Operation {
  readonly description?: string;
  readonly summary?: string;
}

/** The parts of the OpenAPI document that are read here. */
interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly description?: string }>> };
}

const DOCUMENT = new URL("../../openapi.json", import.meta.url);

/** The page has no script and loads nothing from elsewhere. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/**
 * Serves `/openapi.json`, the OpenAPI 3.1 document of the RPCs and REST paths that this listener has, and
 * `/reference`, the same as a page. `npm run openapi` writes the document.
 */
export function apiReference(routes: readonly Route[], restPaths: readonly string[]): WebHandler {
  const services = new Set(routes.map(({ service }) => service.typeName));
  const isMounted = (path: string): boolean =>
    restPaths.includes(path) || services.has(path.slice(1, path.lastIndexOf("/")));
  let served: { readonly json: string; readonly page: string } | undefined;
  const read = () => {
    const whole: ApiDocument = JSON.parse(readFileSync(DOCUMENT, "utf8"));
    const paths = Object.fromEntries(Object.entries(whole.paths).filter(([path]) => isMounted(path)));
    const document = { ...whole, paths };
    return { json: JSON.stringify(document), page: pageOf(document) };
  };
  return (request, response) => {
    const path = pathOf(request);
    if (path !== "/openapi.json" && path !== "/reference") return false;
    if (request.method !== "GET" && request.method !== "HEAD") {
      rejectMethod(request, response, ["GET", "HEAD"]);
      return true;
    }
    served ??= read();
    response.setHeader("content-security-policy", POLICY);
    response.setHeader("x-content-type-options", "nosniff");
    if (path === "/openapi.json") sendText(response, 200, "application/json", served.json);
    else sendText(response, 200, "text/html; charset=utf-8", served.page);
    return true;
  };
}

const STYLE =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}" +
  "code,pre{font-family:ui-monospace,monospace}pre{white-space:pre-wrap;overflow-wrap:anywhere}" +
  "summary{cursor:pointer;padding:.3rem 0}:root{color-scheme:light dark}";

function pageOf({ paths, components }: ApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) =>
      details(`${verb.toUpperCase()} ${path}`, operation.summary ?? operation.description ?? "", operation),
    ),
  );
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `<div id="${escapeHtml(name)}">${details(name, schema.description ?? "", schema)}</div>`,
  );
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>API reference</title><style>${STYLE}</style></head>` +
    `<body><h1>API reference</h1><p><a href="openapi.json">OpenAPI 3.1 document</a></p>` +
    `<h2>Paths</h2>${operations.join("")}<h2>Messages</h2>${schemas.join("")}</body></html>`
  );
}

/** Returns an entry that opens: its description, and its definition with links to the messages that it names. */
function details(title: string, description: string, definition: unknown): string {
  const json = escapeHtml(JSON.stringify(definition, null, 2)).replace(
    /#\/components\/schemas\/([\w.]+)/g,
    '<a href="#$1">$1</a>',
  );
  return `<details><summary><code>${escapeHtml(title)}</code></summary><p>${escapeHtml(description)}</p><pre>${json}</pre></details>`;
}
