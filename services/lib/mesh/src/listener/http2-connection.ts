import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Peer } from "../call/call.ts";
import type { ListenerLimits } from "./listener-limits.ts";
import { peersOfConnection } from "./peers.ts";
import { type OpenStreams, watchStreamEnds } from "./stream-ends.ts";

/**
 * Looks after an HTTP/2 connection as long as it lasts. It is asked to go (GOAWAY, its calls end) when it is old or has had no call for
 * long (gRFC A9), dropped when its other end does not answer a PING (gRFC A8), and loses calls whose answers are not taken.
 */
export function manageHttp2Connection(
  session: ServerHttp2Session,
  socket: Socket,
  limits: ListenerLimits,
  onAged: (peer: Peer) => void,
): void {
  const streams = watchStreamEnds(session, limits);
  const stops = [
    endWhenOld(session, socket, limits, onAged),
    endWhenIdle(session, limits, streams),
    keepAlive(session, socket, limits),
    dropUntaken(limits, streams),
  ];
  // Not the session's: that comes only when its socket has closed.
  socket.once("close", () => {
    for (const stop of stops) stop();
  });
}

type Stop = () => void;

/** Ages differ by up to a tenth, so that connections that came together do not go together. */
const JITTER = 0.1;

/** When a connection is to be asked to go, milliseconds after it came. */
export function ageWithJitter({ connectionAgeMs }: ListenerLimits): number {
  return connectionAgeMs * (1 + JITTER * (2 * Math.random() - 1));
}

function endWhenOld(
  session: ServerHttp2Session,
  socket: Socket,
  limits: ListenerLimits,
  onAged: (peer: Peer) => void,
): Stop {
  let timer = setTimeout(() => {
    session.close();
    // After GOAWAY: a client that opens a watch again does so on another connection.
    for (const peer of peersOfConnection(session)) onAged(peer);
    timer = setTimeout(() => socket.destroy(), limits.connectionAgeGraceMs).unref();
  }, ageWithJitter(limits)).unref();
  return () => clearTimeout(timer);
}

function endWhenIdle(session: ServerHttp2Session, { connectionIdleMs }: ListenerLimits, streams: OpenStreams): Stop {
  const look = (): void => {
    const idleMs = streams.all.size > 0 ? 0 : performance.now() - streams.lastEndedAt;
    if (idleMs >= connectionIdleMs) session.close();
    else timer = setTimeout(look, connectionIdleMs - idleMs).unref();
  };
  let timer = setTimeout(look, connectionIdleMs).unref();
  return () => clearTimeout(timer);
}

function keepAlive(session: ServerHttp2Session, socket: Socket, limits: ListenerLimits): Stop {
  let waiting: NodeJS.Timeout | undefined;
  const answered = (): void => {
    clearTimeout(waiting);
    waiting = undefined;
  };
  const ask = (): void => {
    if (session.destroyed) {
      // Node has ended the connection and waits for its other end to do so too.
      socket.destroy();
    } else if (!waiting) {
      waiting = setTimeout(() => socket.destroy(), limits.keepaliveTimeoutMs).unref();
      session.ping(answered);
    }
  };
  const timer = setInterval(ask, limits.keepaliveMs).unref();
  return () => {
    clearInterval(timer);
    answered();
  };
}

/** A client that opens no window would have its answers kept for ever: their calls have ended, and so have their deadlines. */
function dropUntaken({ answerTimeoutMs }: ListenerLimits, streams: OpenStreams): Stop {
  let before = new Set<ServerHttp2Stream>();
  const timer = setInterval(() => {
    const waiting = [...streams.all].filter((stream) => stream.writableEnded);
    for (const stream of waiting) if (before.has(stream)) drop(stream);
    before = new Set(waiting);
  }, answerTimeoutMs).unref();
  return () => clearInterval(timer);
}

function drop(stream: ServerHttp2Stream): void {
  if (stream.closed) stream.destroy();
  else stream.close(constants.NGHTTP2_CANCEL);
}
