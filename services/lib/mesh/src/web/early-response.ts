import { type IncomingMessage, ServerResponse } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import { announcedBytes, socketOf, type WebRequest, type WebResponse } from "./web-handler.ts";

/**
 * Time for which a connection stays open after an early response, so that a client that is still sending can
 * read it.
 */
const LINGER_MS = 500;

/**
 * Ends a request with its answer when the answer is sent before the whole request has arrived (too large, or
 * rejected). HTTP/2: the rest of the request is discarded; otherwise a client with a full window would wait
 * for ever. A client that continues to send is reset with NO_ERROR (RFC 9113, 8.1), after its answer has
 * certainly been sent. HTTP/1.1: unless the request has no body, the answer is the last one on its
 * connection. Otherwise the rest of the body would block the next request until the body's time limit. The
 * connection is half-closed first: if it were closed at once, a client that is still sending would get a
 * reset instead of the answer.
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

/**
 * Whether an HTTP/1.1 request has a body. A request without a body is not marked complete until its first
 * listener has returned.
 */
function bringsBody(request: IncomingMessage): boolean {
  return request.headers["transfer-encoding"] !== undefined || announcedBytes(request) > 0;
}

/** Whether the client has ended its side of a stream. */
function hasEnded({ destroyed, state }: ServerHttp2Stream): boolean {
  return destroyed || state.state === constants.NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE;
}

function reset(stream: ServerHttp2Stream): void {
  if (!hasEnded(stream)) stream.close(constants.NGHTTP2_NO_ERROR);
}
