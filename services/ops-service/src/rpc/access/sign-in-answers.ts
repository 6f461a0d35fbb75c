import { STATUS_CODES } from "node:http";
import { escapeHtml } from "@bellwether/contract/escape-html";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { type ErrorTable, reasonFromName } from "@bellwether/mesh/errors/error-table";
import { PROBLEM_JSON } from "@bellwether/mesh/web/problem-json";
import { sendText, type WebRequest, type WebResponse } from "@bellwether/mesh/web/web-handler";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";

/** HTTP status of the codes that a sign-in answers with. */
const STATUS: Readonly<Partial<Record<Code, number>>> = {
  [Code.InvalidArgument]: 400,
  [Code.FailedPrecondition]: 400,
  [Code.Unauthenticated]: 401,
  [Code.PermissionDenied]: 403,
  [Code.NotFound]: 404,
  [Code.ResourceExhausted]: 429,
  [Code.Unavailable]: 503,
  [Code.DeadlineExceeded]: 504,
};

/** An error of a sign-in as its answer has it. */
export interface SignInFailure {
  readonly status: number;
  readonly code: string;
  /** For example "GROUP_MISSING". */
  readonly reason: string;
  readonly message: string;
  readonly retryAfterS: number | undefined;
}

/** Returns what the client may see of an error; undefined: the error is an internal one. */
export function failureFrom(error: unknown, table: ErrorTable): SignInFailure | undefined {
  if (error instanceof ConnectError)
    return failure(
      error.code,
      error.findDetails(ErrorInfoSchema)[0]?.reason ?? "INVALID_REQUEST",
      error.rawMessage,
      undefined,
    );
  if (!(error instanceof Error) || !Object.hasOwn(table, error.name)) return undefined;
  const retryAfterMs =
    "retryAfterMs" in error && typeof error.retryAfterMs === "number" ? error.retryAfterMs : undefined;
  return failure(table[error.name] ?? Code.Internal, reasonFromName(error.name), error.message, retryAfterMs);
}

function failure(code: Code, reason: string, message: string, retryAfterMs: number | undefined): SignInFailure {
  const retryAfterS = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000);
  return { status: STATUS[code] ?? 500, code: codeToString(code), reason, message, retryAfterS };
}

/** Sends JSON that no cache keeps. */
export function sendJson(response: WebResponse, status: number, body: object): void {
  noStore(response);
  sendText(response, status, "application/json", JSON.stringify(body));
}

/** Sends a failure as a problem (RFC 9457), with the members of a Connect error and with `others`. */
export function sendProblem(
  response: WebResponse,
  { status, code, reason, message }: Pick<SignInFailure, "status" | "code" | "reason" | "message">,
  others: object = {},
): void {
  noStore(response);
  const problem = { type: "about:blank", title: STATUS_CODES[status] ?? "Error", status, detail: message, reason };
  sendText(response, status, PROBLEM_JSON, JSON.stringify({ ...problem, code, message, ...others }));
}

/** Sends the browser to another URL. */
export function redirect(response: WebResponse, location: string): void {
  noStore(response);
  response.setHeader("location", location);
  sendText(response, 303, "text/plain; charset=utf-8", "");
}

/** Sends a failed sign-in: a small page for a browser that navigates, else a problem (RFC 9457). */
export function sendFailure(request: WebRequest, response: WebResponse, failed: SignInFailure, home: string): void {
  if (failed.retryAfterS !== undefined) response.setHeader("retry-after", String(failed.retryAfterS));
  const { status, reason, message } = failed;
  if (!wantsPage(request)) {
    sendProblem(response, failed);
    return;
  }
  noStore(response);
  response.setHeader(
    "content-security-policy",
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  );
  response.setHeader("x-content-type-options", "nosniff");
  sendText(response, status, "text/html; charset=utf-8", failurePage(message, reason, home));
}

function wantsPage({ headers }: WebRequest): boolean {
  return String(headers.accept ?? "").includes("text/html");
}

function noStore(response: WebResponse): void {
  response.setHeader("cache-control", "no-store");
  response.setHeader("referrer-policy", "no-referrer");
}

function failurePage(message: string, reason: string, home: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>Not signed in · Bellwether</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}</style></head>
<body><main><h1>You are not signed in</h1><p role="alert">${escapeHtml(message)}</p><p><a href="${escapeHtml(home)}">Go back and try again</a></p><p><small>${escapeHtml(reason)}</small></p></main></body>
</html>
`;
}
