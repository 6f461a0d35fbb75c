import { escapeHtml } from "@bellwether/contract/escape-html";
import { type ApiDocument, reachedSchemas } from "./api-document.ts";
import { schemaHtml } from "./field-table.ts";
import { HTTP_STATUS, operationHtml, type PlacedOperation } from "./operation-html.ts";
import { REFERENCE_STYLE } from "./reference-style.ts";
import { shortName, typeHtml } from "./schema-words.ts";

/** Heading of the operations that belong to no service. */
const REST = "REST paths";

/**
 * Returns the reference of an OpenAPI document as a page: operations by service with fields, limits, errors and examples,
 * and the messages that they use. The page loads only the script of its search, from `reference.js` beside it.
 */
export function referencePage({ paths, components: { schemas } }: ApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]): PlacedOperation => ({ path, verb: verb.toUpperCase(), operation })),
  );
  const groups = Object.entries(Object.groupBy(operations, ({ operation }) => operation.tags?.[0] ?? REST));
  const messages = reachedSchemas([paths], schemas);
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<title>API reference</title><style>${REFERENCE_STYLE}</style><script defer src="reference.js"></script></head><body><main>` +
    `<h1>API reference</h1>${INTRODUCTION}` +
    `<p class="search"><label>Search <input type="search" id="search" autocomplete="off" placeholder="ListAlerts, /alerts, run …"></label> <output id="found" for="search"></output></p>` +
    `<nav aria-label="Services"><ul>${groups.map(([name, some = []]) => `<li><a href="#${idOf(name)}">${escapeHtml(name)}</a> (${some.length})</li>`).join("")}<li><a href="#errors">Errors</a></li><li><a href="#messages">Messages</a> (${messages.length})</li></ul></nav>` +
    groups
      .map(
        ([name, some = []]) =>
          `<section><h2 id="${idOf(name)}">${escapeHtml(name)}</h2>${some.map((one) => operationHtml(one, schemas)).join("")}</section>`,
      )
      .join("") +
    errorsHtml(operations) +
    `<section><h2 id="messages">Messages</h2>${messages.map((name) => messageHtml(name, schemas)).join("")}</section>` +
    "</main></body></html>"
  );
}

const INTRODUCTION =
  `<p>Every operation is called over HTTP with JSON. In the examples, <code>$URL</code> is the address of this service (the one of this page, without <code>/reference</code>) and <code>$TOKEN</code> a token or an API key; without authentication, leave the header out. Suppliers, models and weeks in the examples are those of the demo. The same RPCs are served over gRPC, gRPC-Web and Connect. <a href="openapi.json">OpenAPI 3.1 document</a></p>` +
  "<p>In requests and answers of RPCs, a field that is left out has its default: 0, an empty text, an empty list, false, or the first value of an enum.</p>";

const idOf = (name: string): string => `s-${name.replace(/[^A-Za-z]/g, "-")}`;

function messageHtml(name: string, schemas: ApiDocument["components"]["schemas"]): string {
  const schema = schemas[name] ?? {};
  const isOfRest = name.startsWith("plain.");
  const body =
    schema.enum === undefined
      ? schemaHtml("Fields", schema, schemas)
      : `<p>${typeHtml({ enum: schema.enum }, schemas)}</p>`;
  return (
    `<details class="message" data-name="${escapeHtml(name.toLowerCase())}"><summary><h3><code>${escapeHtml(shortName(name))}</code></h3>` +
    `<span>${isOfRest ? "in answers of REST paths" : ""}</span></summary><div class="body" id="m-${escapeHtml(name)}">` +
    `<p class="text">${escapeHtml(schema.description ?? "")}</p>${body}</div></details>`
  );
}

function errorsHtml(operations: readonly PlacedOperation[]): string {
  const rows = ERRORS.map(
    ([code, when, what]) =>
      `<tr><th scope="row"><code>${code}</code></th><td>${HTTP_STATUS[code] ?? ""}</td><td>${when}</td><td>${what}</td></tr>`,
  );
  const examples = ["application/json", "application/problem+json"].map((type) => {
    const answers = operations.map(({ operation }) => operation.responses.default?.content?.[type]?.example);
    const example = answers.find((one) => one !== undefined);
    const where = type === "application/json" ? "An error of an RPC" : "An error of a REST path (RFC 9457)";
    return example === undefined
      ? ""
      : `<p>${where}:</p><pre tabindex="0"><code>${escapeHtml(JSON.stringify(example, null, 2))}</code></pre>`;
  });
  return (
    `<section><h2 id="errors">Errors of every operation</h2><p>An error has a code, and a reason (<code>ErrorInfo</code> of its details; <code>reason</code> of REST paths) that does not change between releases. A retry that makes sense has a delay: <code>Retry-After</code>, <code>RetryInfo</code>.</p>` +
    `<div class="wide" tabindex="0" role="region" aria-label="Errors"><table><caption>Codes</caption><thead><tr><th scope="col">Code</th><th scope="col">HTTP status</th><th scope="col">When</th><th scope="col">What the caller does</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>${examples.join("")}</section>`
  );
}

const ERRORS: readonly (readonly [code: string, when: string, what: string])[] = [
  [
    "INVALID_ARGUMENT",
    "a field breaks a limit, or the body cannot be read",
    "corrects the fields that the error names",
  ],
  ["UNAUTHENTICATED", "no credentials, or they are not valid any more", "gets a new token or key"],
  ["PERMISSION_DENIED", "the caller does not have the role", "asks for the role that the message names"],
  ["NOT_FOUND", "the path or the object does not exist", "uses a path or an id that is listed"],
  ["RESOURCE_EXHAUSTED", "too many or too large calls", "retries after the delay"],
  ["DEADLINE_EXCEEDED", "the deadline of the call has passed", "retries, or sets a longer deadline"],
  ["UNAVAILABLE", "the service, or one that it needs, does not answer", "retries after the delay"],
  ["INTERNAL", "an error of the service", "reports it with <code>x-request-id</code>"],
];
