import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { WebRequest, WebResponse } from "./web-handler.ts";

type Answer = (request: WebRequest, response: WebResponse) => void;

/** A socket of node:http's server, which stops reading while `_paused` is set. */
interface PausedSocket extends Socket {
  _paused?: boolean;
  readonly parser?: { resume(): void } | null;
}

/**
 * Answers one request at a time on each HTTP/1.1 connection. Requests that a client sends before the previous one is
 * answered (pipelining) wait, and their connection is not read meanwhile. Many requests in one packet therefore do
 * not delay other connections. `answer` must not throw.
 */
export function oneAtATime(answer: Answer): Answer {
  const connections = new WeakMap<Socket, (() => void)[]>();
  return (request, response) => {
    if ("stream" in request) return answer(request, response);
    const { socket } = request;
    const start = (): void => {
      (response as ServerResponse<IncomingMessage>).once("close", next);
      answer(request, response);
    };
    const next = (): void => {
      const work = connections.get(socket)?.shift();
      if (!work) connections.delete(socket);
      if (!connections.get(socket)?.length) resume(socket);
      work?.();
    };
    const waiting = connections.get(socket);
    if (waiting) {
      waiting.push(start);
      pause(socket);
      return;
    }
    connections.set(socket, []);
    start();
  };
}

/** Stops reading. Node does the same when too many answers wait: without `_paused`, reading a body would resume. */
function pause(socket: PausedSocket): void {
  if (socket._paused) return;
  socket._paused = true;
  socket.pause();
}

function resume(socket: PausedSocket): void {
  if (!socket._paused || socket.destroyed) return;
  socket._paused = false;
  socket.parser?.resume();
  socket.resume();
}
