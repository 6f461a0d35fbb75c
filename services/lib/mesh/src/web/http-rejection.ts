import type { WebRequest, WebResponse } from "./web-handler.ts";
import { sendText } from "./web-handler.ts";

/** Codes of Connect's JSON errors for what is rejected before it is a call, by HTTP status. */
const CODES: Readonly<Record<number, string>> = {
  400: "invalid_argument",
  403: "permission_denied",
  404: "not_found",
  405: "unimplemented",
  408: "deadline_exceeded",
  413: "resource_exhausted",
  415: "unimplemented",
  421: "failed_precondition",
  431: "resource_exhausted",
};
const MAX_SHOWN_CHARACTERS = 100;

/** The JSON body of a rejection, as of an error of Connect: code and message. */
export function rejectionJson(status: number, message: string, code = CODES[status] ?? "unknown"): string {
  return JSON.stringify({ code, message });
}

/**
 * Rejects a request that is no call with a reason that people and clients can read. Clients of gRPC and gRPC-Web get text:
 * they take their code from the status, and JSON with a code is an error of Connect.
 */
export function sendRejection(response: WebResponse, status: number, message: string, code?: string): void {
  if (response.req.headers["content-type"]?.startsWith("application/grpc")) sendReason(response, status, message);
  else sendText(response, status, "application/json", rejectionJson(status, message, code));
}

/** Rejects a request with a reason for people alone: its client takes the code from the status. */
export function sendReason(response: WebResponse, status: number, message: string): void {
  sendText(response, status, "text/plain; charset=utf-8", `${message}\n`);
}

/** Rejects a method that a path does not have; `allowed` in upper case. */
export function rejectMethod(request: WebRequest, response: WebResponse, allowed: readonly string[]): void {
  response.setHeader("allow", allowed.join(", "));
  sendRejection(response, 405, `${shown(request.method ?? "")} is not allowed here: use ${allowed.join(" or ")}`);
}

/** What a client sent, quoted and cut. */
export function shown(text: string): string {
  const cut = text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
  return JSON.stringify(cut.toWellFormed());
}
