import { ServerResponse } from "node:http";
import { socketOf, type WebRequest, type WebResponse } from "./web-handler.ts";

/** How long a client that is still sending may take to read its answer. */
const LINGER_MS = 500;

/**
 * Makes an answer that comes before the request's end (too large, not let in) the last one of its HTTP/1.1 connection, since the
 * rest of the body would hold up the next request until the body's time limit. The connection is half-closed first: cut at once,
 * a client in the middle of sending would see a reset instead of its answer.
 */
export function closeAfterEarlyAnswer(request: WebRequest, response: WebResponse): void {
  if ("stream" in request || !(response instanceof ServerResponse)) return;
  const socket = socketOf(request);
  const writeHead = response.writeHead;
  Reflect.set(response, "writeHead", (...head: unknown[]) => {
    if (!request.complete) {
      response.shouldKeepAlive = false;
      socket.destroySoon = () => {
        socket.end();
        setTimeout(() => socket.destroy(), LINGER_MS).unref();
      };
    }
    return Reflect.apply(writeHead, response, head);
  });
}
