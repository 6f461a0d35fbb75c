import { EventEmitter } from "node:events";
import { constants, type SecureServerOptions, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { ListenerLimits } from "./listener-limits.ts";

/**
 * nghttp2 counts frames: also those by which some clients (Netty, so grpc-java) answer everything that was still on its way to a call
 * they had taken back, a frame for each. One costs no more than a PING, and `watchStreamEnds` counts calls.
 */
export const RESET_FRAMES = { streamResetBurst: 1_000_000, streamResetRate: 1_000_000 } satisfies SecureServerOptions;

const NOTHING = (): void => {};

/** The streams of one connection. */
export interface OpenStreams {
  readonly all: ReadonlySet<ServerHttp2Stream>;
  /** `performance.now()` when the last one ended, or the connection came. */
  readonly lastEndedAt: number;
}

/**
 * Looks after the streams of a connection that have ended. A client that takes back call after call loses its connection
 * (CVE-2023-44487). And whatever listened to a stream is let go: on Node 24 a stream itself outlives the young generation
 * (docs/decisions/0003), its call with headers and messages need not.
 */
export function watchStreamEnds(session: ServerHttp2Session, limits: ListenerLimits): OpenStreams {
  const countReset = createResetCount(session, limits);
  const all = new Set<ServerHttp2Stream>();
  const streams = { all, lastEndedAt: performance.now() };
  function ended(this: ServerHttp2Stream): void {
    all.delete(this);
    streams.lastEndedAt = performance.now();
    // A call that was being answered has had its slot and its turn: a watch that ends is no flood.
    if (this.aborted && !this.headersSent) countReset();
    letGo(this);
  }
  session.on("stream", (stream) => {
    all.add(stream);
    stream.on("close", ended);
  });
  return streams;
}

/**
 * Removes all listeners and leaves one for a late error. Node tells of every single removal while somebody listens for them, and a
 * Readable's own method looks after its flow, which has ended.
 */
function letGo(stream: ServerHttp2Stream): void {
  const { removeAllListeners } = EventEmitter.prototype;
  removeAllListeners.call(stream, "removeListener");
  removeAllListeners.call(stream);
  stream.on("error", NOTHING);
}

function createResetCount(session: ServerHttp2Session, { resetBurst, resetsPerSecond }: ListenerLimits): () => void {
  let left = resetBurst;
  let countedMs = performance.now();
  return () => {
    const nowMs = performance.now();
    left = Math.min(resetBurst, left + ((nowMs - countedMs) / 1_000) * resetsPerSecond) - 1;
    countedMs = nowMs;
    if (left >= 0 || session.closed || session.destroyed) return;
    // nghttp2 skips what follows it.
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    session.close();
    // A turn later: Node asserts, and so ends the process, when a session goes while it is being read.
    setImmediate(() => session.destroy());
  };
}
