import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Peer } from "../call/call.ts";
import type { ListenerLimits } from "./listener-limits.ts";
import { peersOfConnection } from "./peers.ts";
import { type OpenStreams, watchStreamEnds } from "./stream-ends.ts";

/**
 * Manages an HTTP/2 connection until it closes. The client is asked to close it (GOAWAY, calls may end) when
 * the connection has reached its age limit or has been idle for too long (gRFC A9). The connection is closed
 * when the client does not answer a PING (gRFC A8), and calls whose answers the client does not read are
 * reset.
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
    dropUnread(limits, streams),
  ];
  // The session's own close event comes only after its socket has closed.
  socket.once("close", () => {
    for (const stop of stops) stop();
  });
}

type Stop = () => void;

/** Age limits vary by up to a tenth, so that connections that opened together do not close together. */
const JITTER = 0.1;

/** Returns the age at which a connection is asked to close, milliseconds. */
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
    // Watches end after GOAWAY, so that a client opens them again on another connection.
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
      // Node has ended the connection and waits until the client closes it too.
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

/**
 * Resets calls whose client does not read the answer. Otherwise the answers to a client that opens no window
 * would be kept for ever, because the calls, and with them their deadlines, have ended.
 */
function dropUnread({ answerTimeoutMs }: ListenerLimits, streams: OpenStreams): Stop {
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
