import type { WebRequest, WebResponse } from "./web-handler.ts";
import { sendText } from "./web-handler.ts";

/** Codes in Connect's JSON errors for requests that are rejected before they are a call, by HTTP status. */
const CODES: Readonly<Record<number, string>> = {
  400: "invalid_argument",
  403: "permission_denied",
  404: "not_found",
  405: "unimplemented",
  408: "deadline_exceeded",
  413: "resource_exhausted",
  415: "unimplemented",
  417: "invalid_argument",
  421: "failed_precondition",
  431: "resource_exhausted",
};
const MAX_SHOWN_CHARACTERS = 100;

/** Returns the JSON body of a rejection in the form of a Connect error: code and message. */
export function rejectionJson(status: number, message: string, code = CODES[status] ?? "unknown"): string {
  return JSON.stringify({ code, message });
}

/**
 * Rejects a request that is not a call, with a reason for people and clients. Clients of gRPC and gRPC-Web
 * get plain text: they derive their code from the HTTP status, and a JSON body with a code would be a Connect
 * error.
 */
export function sendRejection(response: WebResponse, status: number, message: string, code?: string): void {
  if (response.req.headers["content-type"]?.startsWith("application/grpc")) sendReason(response, status, message);
  else sendText(response, status, "application/json", rejectionJson(status, message, code));
}

/** Rejects a request with a reason for people only: its client derives the code from the HTTP status. */
export function sendReason(response: WebResponse, status: number, message: string): void {
  sendText(response, status, "text/plain; charset=utf-8", `${message}\n`);
}

/** Rejects a method that a path does not support; `allowed` in upper case. */
export function rejectMethod(request: WebRequest, response: WebResponse, allowed: readonly string[]): void {
  response.setHeader("allow", allowed.join(", "));
  sendRejection(response, 405, `${shown(request.method ?? "")} is not allowed here: use ${allowed.join(" or ")}`);
}

/** Returns a client's text in quotes, truncated. */
export function shown(text: string): string {
  const cut = text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
  return JSON.stringify(cut.toWellFormed());
}
