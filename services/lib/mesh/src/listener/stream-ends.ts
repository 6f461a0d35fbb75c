import { EventEmitter } from "node:events";
import { constants, type SecureServerOptions, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { ListenerLimits } from "./listener-limits.ts";

/**
 * nghttp2 limits reset frames. It also counts the resets with which some clients (Netty, so grpc-java) answer
 * each frame that was still in flight for a call that they had canceled. Such a frame costs no more than a
 * PING, so this limit is disabled: `watchStreamEnds` counts calls instead.
 */
export const RESET_FRAMES = { streamResetBurst: 1_000_000, streamResetRate: 1_000_000 } satisfies SecureServerOptions;

const NOTHING = (): void => {};

/** The streams of one connection. */
export interface OpenStreams {
  readonly all: ReadonlySet<ServerHttp2Stream>;
  /** Time (`performance.now()`) at which the last stream ended, or at which the connection opened. */
  readonly lastEndedAt: number;
}

/**
 * Handles the ends of a connection's streams. A client that cancels calls too often loses its connection
 * (CVE-2023-44487). Listeners of an ended stream are removed: on Node 24 the stream itself survives young
 * collections (docs/decisions/0003), but its call, with headers and messages, need not.
 */
export function watchStreamEnds(session: ServerHttp2Session, limits: ListenerLimits): OpenStreams {
  const countReset = createResetCount(session, limits);
  const all = new Set<ServerHttp2Stream>();
  const streams = { all, lastEndedAt: performance.now() };
  function ended(this: ServerHttp2Stream): void {
    all.delete(this);
    streams.lastEndedAt = performance.now();
    // A reset is not counted when the call was already being answered. The end of a watch is therefore not a
    // flood.
    if (this.aborted && !this.headersSent) countReset();
    removeListeners(this);
  }
  session.on("stream", (stream) => {
    all.add(stream);
    stream.on("close", ended);
  });
  return streams;
}

/**
 * Removes all listeners and adds one for a late error. Listeners of "removeListener" are removed first,
 * because Node would report every other removal to them. EventEmitter's method is used, because a Readable's
 * own method updates its flow, which has ended.
 */
function removeListeners(stream: ServerHttp2Stream): void {
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
    // After this GOAWAY, nghttp2 ignores further frames of the client.
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    session.close();
    // The session is destroyed in the next iteration of the event loop: Node fails an assertion, which ends
    // the process, when a session is destroyed while it is being read.
    setImmediate(() => session.destroy());
  };
}
