import { escapeHtml } from "@bellwether/contract/escape-html";
import type { ApiBody, ApiDocument, ApiOperation, ApiParameter } from "./api-document.ts";
import { bodyTable, parameterTable } from "./field-table.ts";

type Schemas = ApiDocument["components"]["schemas"];

/** Status of an answer of Connect with JSON, by its code. */
export const HTTP_STATUS: Readonly<Record<string, number>> = {
  ...{ CANCELLED: 499, UNKNOWN: 500, INVALID_ARGUMENT: 400, DEADLINE_EXCEEDED: 504, NOT_FOUND: 404 },
  ...{ ALREADY_EXISTS: 409, PERMISSION_DENIED: 403, RESOURCE_EXHAUSTED: 429, FAILED_PRECONDITION: 400 },
  ...{ ABORTED: 409, OUT_OF_RANGE: 400, UNIMPLEMENTED: 501, INTERNAL: 500, UNAVAILABLE: 503, DATA_LOSS: 500 },
  UNAUTHENTICATED: 401,
};

/** Media type of a stream over Connect: no command line tool for HTTP can read it. */
const STREAM = "application/connect+json";

/** One operation with its path and method. */
export interface PlacedOperation {
  readonly path: string;
  /** In upper case. */
  readonly verb: string;
  readonly operation: ApiOperation;
}

/** Returns an operation as an entry that opens: description, fields, errors, and an example. */
export function operationHtml({ path, verb, operation }: PlacedOperation, schemas: Schemas): string {
  const { operationId, summary = "", description = summary, parameters = [], requestBody, responses } = operation;
  const { text, errors } = splitErrors(description);
  const [request, answer] = [firstForm(requestBody), firstForm(responses["200"])];
  return (
    `<details class="operation" data-name="${escapeHtml(`${operationId} ${path} ${summary}`.toLowerCase())}">` +
    `<summary><h3 id="${escapeHtml(operationId)}"><code><span class="verb">${verb}</span> ${escapeHtml(path)}</code></h3>` +
    `<span>${escapeHtml(summary)}</span></summary><div class="body">` +
    (text === summary ? "" : `<p class="text">${escapeHtml(text)}</p>`) +
    `<p class="facts">${factsOf(operation)}</p>` +
    (parameters.length > 0 ? parameterTable(parameters, schemas) : "") +
    (request ? bodyTable("Request", request.schema, schemas) : "") +
    (answer ? bodyTable("Answer", answer.schema, schemas) : "") +
    errorTable(errors) +
    `<h4>Example</h4>${idSources(operation)}<pre tabindex="0"><code>${escapeHtml(commandOf({ path, verb, operation }))}</code></pre>` +
    (answer?.example === undefined
      ? ""
      : `<p>answers, for example:</p><pre tabindex="0"><code>${escapeHtml(textOf(answer.example))}</code></pre>`) +
    "</div></details>"
  );
}

function factsOf({ "x-role": role, "x-idempotent": isIdempotent }: ApiOperation): string {
  const facts = [
    role === undefined || role === "" ? "" : `Role of the caller: <code>${escapeHtml(role)}</code>.`,
    isIdempotent === undefined ? "" : isIdempotent ? "A repetition changes nothing." : "A repetition can act again.",
  ];
  return facts.filter((fact) => fact !== "").join(" ");
}

/** Returns where a caller finds the ids of the example. */
function idSources({ "x-example-ids": ids = {} }: ApiOperation): string {
  const bySource = Object.entries(Object.groupBy(Object.entries(ids), ([, source]) => source));
  const sources = bySource.map(([source, fields = []]) => {
    const names = fields.map(([name]) => `<code>${escapeHtml(name)}</code>`).join(" and ");
    return `${names} from <code>${escapeHtml(source.split(".").at(-1) ?? source)}</code>`;
  });
  return sources.length === 0 ? "" : `<p>Each installation has its own: take ${sources.join(", ")}.</p>`;
}

interface ErrorLine {
  readonly code: string;
  readonly when: string;
}

/** Divides a description into its text and the codes that it lists ("- CODE: when"). */
export function splitErrors(description: string): { readonly text: string; readonly errors: readonly ErrorLine[] } {
  const errors: ErrorLine[] = [];
  const text: string[] = [];
  for (const line of description.split("\n")) {
    const [, code, when = ""] = /^- ([A-Z_]+): (.*)$/.exec(line) ?? [];
    const last = errors.at(-1);
    if (code !== undefined) errors.push({ code, when });
    else if (last !== undefined && line.startsWith("  "))
      errors[errors.length - 1] = { ...last, when: `${last.when} ${line.trim()}` };
    else text.push(line);
  }
  return { text: text.join("\n").trim(), errors };
}

function errorTable(errors: readonly ErrorLine[]): string {
  const rows = errors.map(
    ({ code, when }) =>
      `<tr><th scope="row"><code>${code}</code></th><td>${HTTP_STATUS[code] ?? ""}</td><td>${escapeHtml(when)}</td></tr>`,
  );
  const own =
    rows.length === 0
      ? ""
      : `<div class="wide" tabindex="0" role="region" aria-label="Errors"><table><caption>Errors of this operation</caption><thead><tr><th scope="col">Code</th><th scope="col">HTTP status</th><th scope="col">When</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
  return `${own}<p>Besides these: the <a href="#errors">errors of every operation</a>.</p>`;
}

/** Returns the command that calls an operation with its example. */
export function commandOf({ path, verb, operation }: PlacedOperation): string {
  const { parameters = [], requestBody, responses } = operation;
  const [type, request] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const body = request?.example === undefined ? undefined : quoted(JSON.stringify(request.example));
  if (type === STREAM)
    return `buf curl --schema proto --protocol connect -H "authorization: Bearer $TOKEN" -d ${body ?? "'{}'"} "$URL${path}"`;
  const isStream = "text/event-stream" in (responses["200"]?.content ?? {});
  return [
    `curl -s${isStream ? "N" : ""} "$URL${path}${queryOf(parameters)}"`,
    '-H "authorization: Bearer $TOKEN"',
    ...(body === undefined ? [] : [`-H "content-type: ${type}"`, `-d ${body}`]),
    ...(body === undefined && verb !== "GET" ? [`-X ${verb}`] : []),
  ].join(" \\\n  ");
}

function queryOf(parameters: readonly ApiParameter[]): string {
  const query = new URLSearchParams(
    parameters.flatMap(({ name, example }) => (example === undefined ? [] : [[name, String(example)]])),
  ).toString();
  return query === "" ? "" : `?${query}`;
}

/** Quotes a text for a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const textOf = (example: unknown): string => (typeof example === "string" ? example : JSON.stringify(example, null, 2));

const firstForm = (body: ApiBody | undefined) => Object.values(body?.content ?? {})[0];
