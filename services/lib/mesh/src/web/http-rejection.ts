import { Code, type ConnectError } from "@connectrpc/connect";
import { errorToJson } from "@connectrpc/connect/protocol-connect";
import { type FieldViolation, rpcError } from "../errors/rpc-error.ts";
import { PROBLEM_JSON, problemJson } from "./problem-json.ts";
import { idsOfAnswer } from "./request-ids.ts";
import type { WebRequest, WebResponse } from "./web-handler.ts";
import { pathOf, sendText } from "./web-handler.ts";

/** Code and reason of requests that are rejected before they are a call, by HTTP status. */
const REJECTIONS: Readonly<Record<number, readonly [code: Code, reason: string]>> = {
  400: [Code.InvalidArgument, "MALFORMED_REQUEST"],
  403: [Code.PermissionDenied, "ORIGIN_NOT_ALLOWED"],
  404: [Code.NotFound, "PATH_NOT_FOUND"],
  405: [Code.Unimplemented, "METHOD_NOT_ALLOWED"],
  406: [Code.InvalidArgument, "NOT_ACCEPTABLE"],
  408: [Code.DeadlineExceeded, "BODY_TIMEOUT"],
  413: [Code.ResourceExhausted, "MESSAGE_TOO_LARGE"],
  415: [Code.Unimplemented, "CONTENT_TYPE"],
  417: [Code.InvalidArgument, "EXPECTATION"],
  421: [Code.FailedPrecondition, "HOST_NOT_ALLOWED"],
  431: [Code.ResourceExhausted, "HEADERS_TOO_LARGE"],
  500: [Code.Internal, "INTERNAL"],
  501: [Code.Unimplemented, "TRANSFER_ENCODING"],
};
/** Code and reason of other rejections of a status, by the key that its details name. */
const FURTHER = {
  headersTimeout: [Code.DeadlineExceeded, "HEADERS_TIMEOUT"],
} as const satisfies Readonly<Record<string, readonly [code: Code, reason: string]>>;
const MAX_SHOWN_CHARACTERS = 100;

/** "/package.Service/Method": the path of an RPC, whose clients read Connect's JSON. */
const RPC_PATH = /^\/[\w.]+\.\w+\/\w+$/;

/** Whether a path is that of an RPC, of this service or of another one. */
export const isRpcPath = (path: string): boolean => RPC_PATH.test(path);

/** What a rejection says besides its status and its text. */
export interface RejectionDetails {
  /** Replaces the code of the status. */
  readonly code?: Code;
  /** Replaces the code and the reason of the status. */
  readonly further?: keyof typeof FURTHER;
  /** Header or part of the request that is not accepted. */
  readonly field?: string;
}

/** Returns the error of a rejection: code, text, reason and field. */
export function rejectionError(status: number, message: string, details: RejectionDetails = {}): ConnectError {
  const known = details.further === undefined ? REJECTIONS[status] : FURTHER[details.further];
  const [code, reason] = known ?? [Code.Unknown, "REJECTED"];
  const { field } = details;
  const fieldViolations: FieldViolation[] = field === undefined ? [] : [{ field, description: message }];
  return rpcError(details.code ?? code, reason, message, { fieldViolations });
}

/**
 * Rejects a request that is not a call, with a reason for people and clients: as a problem (RFC 9457), or as an error
 * of Connect at the path of an RPC. Clients of gRPC and gRPC-Web get plain text: they derive their code from the HTTP
 * status, and a JSON body with a code would be a Connect error.
 */
export function sendRejection(
  response: WebResponse,
  status: number,
  message: string,
  details: RejectionDetails = {},
): void {
  if (response.req.headers["content-type"]?.startsWith("application/grpc")) {
    sendReason(response, status, message);
    return;
  }
  const error = rejectionError(status, message, details);
  const [type, json] = RPC_PATH.test(pathOf(response.req))
    ? ["application/json", errorToJson(error, undefined)]
    : [PROBLEM_JSON, problemJson(error, status, idsOfAnswer(response))];
  sendText(response, status, type, JSON.stringify(json));
}

/** Rejects a request with a reason for people only: its client derives the code from the HTTP status. */
export function sendReason(response: WebResponse, status: number, message: string): void {
  sendText(response, status, "text/plain; charset=utf-8", `${message}\n`);
}

/** Rejects a method that a path does not support; `allowed` in upper case. */
export function rejectMethod(request: WebRequest, response: WebResponse, allowed: readonly string[]): void {
  response.setHeader("allow", allowed.join(", "));
  sendRejection(response, 405, `${shown(request.method ?? "")} is not allowed here: use ${allowed.join(" or ")}`, {
    field: "method",
  });
}

/** Returns a client's text in quotes, truncated. */
export function shown(text: string): string {
  const cut = text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
  return JSON.stringify(cut.toWellFormed());
}
