import { STATUS_CODES } from "node:http";
import { BadRequestSchema, ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import type { JsonObject } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { errorToJson } from "@connectrpc/connect/protocol-connect";

/** Media type of errors at REST paths (RFC 9457). */
export const PROBLEM_JSON = "application/problem+json";

/** What identifies an answer in logs and traces. */
export interface AnswerIds {
  readonly requestId: string;
  /** 32 hex digits. Undefined: the call belongs to no trace. */
  readonly traceId: string | undefined;
}

/**
 * Returns an error at a REST path as a problem (RFC 9457), with the reason and the fields of the RPC's error. It also
 * has the members of Connect's JSON form (`code`, `message`, `details`).
 */
export function problemJson(error: ConnectError, status: number, { requestId, traceId }: AnswerIds): JsonObject {
  const reason = error.findDetails(ErrorInfoSchema)[0]?.reason;
  const fields = error
    .findDetails(BadRequestSchema)
    .flatMap(({ fieldViolations }) => fieldViolations.map(({ field, description }) => ({ field, description })));
  const connect = errorToJson(error, undefined);
  return {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail: error.rawMessage,
    ...(reason !== undefined && { reason }),
    ...(fields.length > 0 && { fields }),
    request_id: requestId,
    ...(traceId !== undefined && { trace_id: traceId }),
    ...(typeof connect === "object" && !Array.isArray(connect) ? connect : {}),
  };
}

/** Returns the client's id of a request when it can be repeated: 1 to 128 visible ASCII characters. */
export const clientRequestId = (header: string | undefined): string | undefined =>
  header !== undefined && /^[\x21-\x7e]{1,128}$/.test(header) ? header : undefined;

/** Returns the trace id of a W3C `traceparent` header; undefined when the header is missing or not valid. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  const id = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/.exec(traceparent ?? "")?.[1];
  return id === "0".repeat(32) ? undefined : id;
}
