import { randomUUID } from "node:crypto";

/** Headers (gRPC: metadata) of each answer with the ids that logs and traces have. */
export const REQUEST_ID_HEADER = "x-request-id";
export const TRACE_ID_HEADER = "x-trace-id";
/** Header of an answer to a request whose own id could not be kept; its value is the form that is kept. */
export const REPLACED_HEADER = "x-request-id-replaced";
const KEPT_FORM = "expected 1 to 128 visible ASCII characters";

/** What identifies an answer in logs and traces. */
export interface AnswerIds {
  readonly requestId: string;
  /** 32 hex digits. Undefined: the request was rejected before it had a trace. */
  readonly traceId: string | undefined;
  /** Whether the client sent an id that cannot be repeated. */
  readonly isReplaced: boolean;
}

/** Returns the client's id of a request when it can be repeated: 1 to 128 visible ASCII characters. */
export const clientRequestId = (header: string | undefined): string | undefined =>
  header !== undefined && /^[\x21-\x7e]{1,128}$/.test(header) ? header : undefined;

/** The ids that the headers of a request give. */
export interface ReceivedIds {
  /** Undefined: the client sent none that can be repeated. */
  readonly requestId: string | undefined;
  readonly traceId: string | undefined;
  readonly isReplaced: boolean;
}

/** Reads the ids from the headers `x-request-id` and `traceparent` of a request. */
export function readReceivedIds(requestId: string | undefined, traceparent: string | undefined): ReceivedIds {
  const kept = clientRequestId(requestId);
  const isReplaced = requestId !== undefined && kept === undefined;
  return { requestId: kept, traceId: traceIdOf(traceparent), isReplaced };
}

/** Returns the ids of the answer to a request that has no call, or that has none yet. */
export function createAnswerIds(requestId: string | undefined, traceparent: string | undefined): AnswerIds {
  const received = readReceivedIds(requestId, traceparent);
  return { ...received, requestId: received.requestId ?? randomUUID() };
}

/** Returns the ids as header fields: name, value. */
export function idFields({ requestId, traceId, isReplaced }: AnswerIds): readonly (readonly [string, string])[] {
  return [
    [REQUEST_ID_HEADER, requestId],
    ...(traceId === undefined ? [] : [[TRACE_ID_HEADER, traceId] as const]),
    ...(isReplaced ? [[REPLACED_HEADER, KEPT_FORM] as const] : []),
  ];
}

/** Returns the trace id of a W3C `traceparent` header; undefined when the header is missing or not valid. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  if (traceparent === undefined) return undefined;
  const id = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/.exec(traceparent)?.[1];
  return id === "0".repeat(32) ? undefined : id;
}
