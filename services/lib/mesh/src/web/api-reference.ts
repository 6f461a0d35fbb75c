import { readFileSync } from "node:fs";
import type { Route } from "../call/route.ts";
import type { ApiDocument } from "../reference/api-document.ts";
import { referencePage } from "../reference/reference-page.ts";
import { rejectMethod } from "./http-rejection.ts";
import { pathOf, sendText, type WebHandler } from "./web-handler.ts";

const DOCUMENT = new URL("../../openapi.json", import.meta.url);
const SCRIPT = new URL("../../reference.js", import.meta.url);

/** The page runs only its own script and loads nothing from elsewhere. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** The answer of a path: its media type and its text. */
type Page = readonly [type: string, text: string];

/**
 * Serves `/openapi.json`, the OpenAPI 3.1 document of the RPCs and REST paths that this listener answers, and
 * `/reference`, the same as a page with a search. `npm run openapi` writes the document.
 */
export function apiReference(routes: readonly Route[], restPaths: readonly string[]): WebHandler {
  const served = new Set([
    ...restPaths,
    ...routes.flatMap(({ service, implemented }) => [...implemented].map((rpc) => `/${service.typeName}/${rpc}`)),
  ]);
  let document: ApiDocument | undefined;
  const read = (): ApiDocument => {
    const whole: ApiDocument = JSON.parse(readFileSync(DOCUMENT, "utf8"));
    return { ...whole, paths: Object.fromEntries(Object.entries(whole.paths).filter(([path]) => served.has(path))) };
  };
  const pages: Readonly<Record<string, (served: ApiDocument) => Page>> = {
    "/openapi.json": (served) => ["application/json", JSON.stringify(served)],
    "/reference": (served) => ["text/html; charset=utf-8", referencePage(served)],
    "/reference.js": () => ["text/javascript; charset=utf-8", readFileSync(SCRIPT, "utf8")],
  };
  const rendered = new Map<string, Page>();
  return (request, response) => {
    const path = pathOf(request);
    const render = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (!render) return false;
    if (request.method !== "GET" && request.method !== "HEAD") {
      rejectMethod(request, response, ["GET", "HEAD"]);
      return true;
    }
    document ??= read();
    const [type, text] = rendered.get(path) ?? render(document);
    rendered.set(path, [type, text]);
    response.setHeader("content-security-policy", POLICY);
    response.setHeader("x-content-type-options", "nosniff");
    sendText(response, 200, type, text);
    return true;
  };
}
