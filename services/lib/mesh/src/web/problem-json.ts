import { STATUS_CODES } from "node:http";
import { BadRequestSchema, ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import type { JsonObject } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { errorToJson } from "@connectrpc/connect/protocol-connect";
import type { AnswerIds } from "../call/answer-ids.ts";

/** Media type of errors at REST paths (RFC 9457). */
export const PROBLEM_JSON = "application/problem+json";

/**
 * Returns an error at a REST path as a problem (RFC 9457), with the reason and the fields of the RPC's error. It also
 * has the members of Connect's JSON form (`code`, `message`, `details`).
 */
export function problemJson(
  error: ConnectError,
  status: number,
  { requestId, traceId }: Pick<AnswerIds, "requestId" | "traceId">,
): JsonObject {
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
