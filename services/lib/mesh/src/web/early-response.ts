import { type IncomingMessage, ServerResponse } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import { announcedBytes, socketOf, type WebRequest, type WebResponse } from "./web-handler.ts";

/** How long a client that is still sending may take to read its answer. */
const LINGER_MS = 500;

/**
 * Makes an answer that comes before the request's end (too large, not let in) the end of the request too.
 * HTTP/2: what still comes is thrown away, else a client that has filled its window would wait for ever; one that goes on is
 * reset with NO_ERROR (RFC 9113, 8.1), once its answer is surely out.
 * HTTP/1.1: unless the request has no body, it is the last answer of its connection: the rest of the body would hold up the next request
 * until the body's time limit. The connection is half-closed first: cut at once, a client in the middle of sending would see a reset instead.
 */
export function closeAfterEarlyResponse(request: WebRequest, response: WebResponse): void {
  if ("stream" in request) {
    const { stream } = request;
    stream.once("finish", () => {
      if (hasEnded(stream)) return;
      request.resume();
      setTimeout(reset, LINGER_MS, stream).unref();
    });
    return;
  }
  if (!(response instanceof ServerResponse)) return;
  const socket = socketOf(request);
  const writeHead = response.writeHead;
  Reflect.set(response, "writeHead", (...head: unknown[]) => {
    if (bringsBody(request) && !request.complete) {
      response.shouldKeepAlive = false;
      socket.destroySoon = () => {
        socket.end();
        setTimeout(() => socket.destroy(), LINGER_MS).unref();
      };
    }
    return Reflect.apply(writeHead, response, head);
  });
}

/** Whether a request of HTTP/1.1 has a body. One without a body is not marked complete until its first listener has returned. */
function bringsBody(request: IncomingMessage): boolean {
  return request.headers["transfer-encoding"] !== undefined || announcedBytes(request) > 0;
}

/** Whether the client has sent all it will send on a stream. */
function hasEnded({ destroyed, state }: ServerHttp2Stream): boolean {
  return destroyed || state.state === constants.NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE;
}

function reset(stream: ServerHttp2Stream): void {
  if (!hasEnded(stream)) stream.close(constants.NGHTTP2_NO_ERROR);
}
