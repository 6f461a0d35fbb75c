import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createAnswerIds, idFields } from "../call/answer-ids.ts";
import { headersTooLarge } from "../listener/header-size.ts";
import { arrivingRequest, isAnswering } from "../listener/http1-connections.ts";
import { type RejectionDetails, rejectionError } from "./http-rejection.ts";
import { PROBLEM_JSON, problemJson } from "./problem-json.ts";

/** Node's error codes for bytes that are not an HTTP/1.1 request. */
interface ClientError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

/**
 * Time for which a rejected connection stays open, so that a client that is still sending can read the
 * reason.
 */
const LINGER_MS = 500;
const HTTP2_IN_CLEAR =
  "this listener speaks HTTP/2 only under TLS: use HTTP/1.1 here, or the gRPC listener, which speaks HTTP/2 in clear text";
const HTTP_1_1_REQUIRED = 0xd;

/**
 * Answers a request that Node's HTTP/1.1 parser rejects; Node itself answers without a reason. Use it as
 * listener of the event "clientError".
 */
export function answerClientError(maxHeaderBytes: number): (error: ClientError, socket: Duplex) => void {
  /** Connections that were answered. The parser reports the bytes that follow on them as errors too. */
  const answered = new WeakSet<Duplex>();
  return (error, socket) => {
    if (answered.has(socket)) return;
    answered.add(socket);
    if (!socket.writable || isAnswering(socket as Socket)) {
      socket.destroy();
      return;
    }
    const isHttp2 = error.code === "HPE_PAUSED_H2_UPGRADE";
    socket.end(isHttp2 ? http11Required(HTTP2_IN_CLEAR) : rejection(error, maxHeaderBytes, socket as Socket));
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };
}

/** Answers CONNECT, for which Node closes the connection without an answer. Use it as listener of the event "connect". */
export function rejectConnect(_request: unknown, socket: Duplex): void {
  socket.on("error", () => {});
  socket.end(
    answer("405 Method Not Allowed", "this is no proxy: CONNECT is not allowed here", { field: "method" }, [
      ["allow", "GET, HEAD, POST, OPTIONS"],
    ]),
  );
}

function rejection({ code, message }: ClientError, maxHeaderBytes: number, socket: Socket): string {
  const arriving = arrivingRequest(socket);
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return answer("431 Request Header Fields Too Large", headersTooLarge(maxHeaderBytes));
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return answer("413 Content Too Large", "the chunks of the body have too many extensions");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      if (arriving) return answer("408 Request Timeout", "the body did not arrive in time");
      return answer("408 Request Timeout", "the headers did not arrive in time", { further: "headersTimeout" });
    case "HPE_INVALID_EOF_STATE":
      return answer("400 Bad Request", endedEarly(arriving));
    default:
      // The parser's message contains no text that the client sent.
      return answer("400 Bad Request", `this is not an HTTP/1.1 request: ${message.replace(/^Parse Error: /, "")}`);
  }
}

/** Returns why a request whose connection ended is not complete. */
function endedEarly(arriving: IncomingMessage | undefined): string {
  if (!arriving) return "the request ended within its headers";
  const length = arriving.headers["content-length"];
  return length === undefined
    ? "the body ended before its last chunk"
    : `the body ended before its ${length} bytes (content-length) had arrived`;
}

function answer(
  status: string,
  message: string,
  details: RejectionDetails = {},
  more: readonly (readonly [name: string, value: string])[] = [],
): string {
  const code = Number.parseInt(status, 10);
  // The headers of the request are not known.
  const ids = createAnswerIds(undefined, undefined);
  const body = JSON.stringify(problemJson(rejectionError(code, message, details), code, ids));
  const fields = [
    ["content-type", PROBLEM_JSON],
    ["content-length", String(Buffer.byteLength(body))],
    ["connection", "close"],
    ...more,
    ...idFields(ids),
  ];
  return `HTTP/1.1 ${status}\r\n${fields.map((field) => `${field.join(": ")}\r\n`).join("")}\r\n${body}`;
}

/**
 * Returns the bytes of two HTTP/2 frames: SETTINGS, and GOAWAY with the code HTTP_1_1_REQUIRED (RFC 9113, 7).
 * The debug data of GOAWAY is the reason, which clients print.
 */
function http11Required(reason: string): Buffer {
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const debugData = Buffer.from(reason);
  const goaway = Buffer.alloc(17);
  goaway.writeUIntBE(8 + debugData.length, 0, 3);
  goaway.writeUInt8(7, 3);
  goaway.writeUInt32BE(HTTP_1_1_REQUIRED, 13);
  return Buffer.concat([settings, goaway, debugData]);
}
