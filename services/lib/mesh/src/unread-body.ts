import { socketOf, type WebRequest, type WebResponse } from "./web-handler.ts";

/** How long a client that has its answer may go on sending before its connection is cut. */
const LINGER_MS = 1_000;

/**
 * After an answer that came before the request's end (too large, not let in), the rest of an HTTP/1.1 body is read and thrown
 * away for a moment, else it would block the next request on the connection until the body's time limit.
 */
export function discardUnreadBody(request: WebRequest, response: WebResponse): void {
  if ("stream" in request) return;
  response.once("finish", () => {
    if (request.complete) return;
    const cut = setTimeout(() => socketOf(request).destroy(), LINGER_MS).unref();
    request.once("close", () => clearTimeout(cut));
    request.once("end", () => clearTimeout(cut));
    request.resume();
  });
}
