import { constants, type ServerHttp2Stream, sensitiveHeaders } from "node:http2";
import { Code, type ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { type AnswerIds, idFields, REQUEST_ID_HEADER, TRACE_ID_HEADER } from "../call/answer-ids.ts";
import { ACCEPTED_ENCODINGS } from "./compression.ts";
import { flush } from "./grpc-stream.ts";
import { type FieldsByName, fieldsByName, type HeaderFields, headerFields } from "./header-fields.ts";

const OK: FieldsByName = { "grpc-status": "0" };
/**
 * Header fields of a response that is only an error. They list the supported encodings in every error,
 * because gRPC requires the list for a client with an unsupported encoding.
 */
const TRAILERS_ONLY = [
  ":status",
  "200",
  "content-type",
  "application/grpc+proto",
  "grpc-accept-encoding",
  ACCEPTED_ENCODINGS,
];
/**
 * Fields that no other answer repeats. As "sensitive" fields they stay out of the table of the connection's header
 * compression (RFC 7541, 6.2.3), which would otherwise replace its useful entries by them for each answer.
 */
const UNIQUE_FIELDS = [REQUEST_ID_HEADER, TRACE_ID_HEADER];

/** Node accepts `sendDate` here; its types do not declare it. */
const WHOLE_ANSWER: { readonly endStream: boolean } = Object.freeze({ endStream: true, sendDate: false });

/** Returns the trailers of a successful call. */
export function trailersOfSuccess(trailer: Headers | undefined, ids: AnswerIds): FieldsByName {
  // By far the most frequent answer: an object literal is several times cheaper than one made of entries.
  if (!trailer && !ids.isReplaced && ids.traceId !== undefined)
    return {
      "grpc-status": "0",
      [REQUEST_ID_HEADER]: ids.requestId,
      [TRACE_ID_HEADER]: ids.traceId,
      [sensitiveHeaders]: UNIQUE_FIELDS,
    };
  return { ...(trailer && fieldsByName(trailer)), ...OK, ...Object.fromEntries(idFields(ids)) };
}

/**
 * Returns the trailers of a failed call: status code, message text, the handler's metadata and the error
 * details.
 */
export function trailersOfError(error: ConnectError, trailer: Headers | undefined, ids: AnswerIds): FieldsByName {
  return {
    ...statusOf(error),
    ...fieldsByName(setTrailerStatus(new Headers(trailer), error)),
    ...Object.fromEntries(idFields(ids)),
  };
}

/** Cache of the header fields of an error, because an overloaded server sends the same few errors very often. */
const rejections = new WeakMap<ConnectError, HeaderFields>();

/**
 * Answers a stream that has not been answered yet, as Trailers-Only, so that clients may retry. Then resets
 * it with NO_ERROR (RFC 9113, 8.1): the HTTP/2 engine discards what the client still sends, without an event.
 */
export function rejectStream(stream: ServerHttp2Stream, error: ConnectError, ids: AnswerIds, trailer?: Headers): void {
  if (stream.destroyed || stream.closed) return;
  stream.respond([...rejectionFields(error, trailer), ...idFields(ids).flat()], WHOLE_ANSWER);
  stream.close(constants.NGHTTP2_NO_ERROR);
  flush(stream);
}

/** Resets a stream that cannot be answered. Never throws. */
export function abandonStream(stream: ServerHttp2Stream): void {
  try {
    if (!stream.closed) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    flush(stream);
  } catch {
    stream.destroy();
  }
}

function rejectionFields(error: ConnectError, trailer: Headers | undefined): HeaderFields {
  const known = trailer ? undefined : rejections.get(error);
  if (known) return known;
  const details = headerFields(setTrailerStatus(new Headers(trailer), error));
  const fields = [...TRAILERS_ONLY, ...Object.entries(statusOf(error)).flat(), ...details];
  if (!trailer) rejections.set(error, fields);
  return fields;
}

/**
 * Texts are percent-encoded. A lone surrogate cannot be encoded and becomes U+FFFD. The code of an error is
 * never OK.
 */
function statusOf({ code, rawMessage }: ConnectError) {
  return { "grpc-status": String(code || Code.Unknown), "grpc-message": encodeURI(rawMessage.toWellFormed()) };
}
