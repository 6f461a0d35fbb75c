import { constants, type Http2Session, type SecureServerOptions } from "node:http2";
import type { DoorLimits } from "./door-limits.ts";

/**
 * nghttp2 counts frames: also those by which some clients (Netty, so grpc-java) answer everything that was still on its way to a call
 * they had taken back, a frame for each. One costs no more than a PING, and `limitResets` counts calls.
 */
export const RESET_FRAMES = { streamResetBurst: 1_000_000, streamResetRate: 1_000_000 } satisfies SecureServerOptions;

/** Cuts the connection of a client that takes back call after call (CVE-2023-44487). */
export function limitResets(session: Http2Session, { resetBurst, resetsPerSecond }: DoorLimits): void {
  let left = resetBurst;
  let countedMs = performance.now();
  const takenBack = (): void => {
    const nowMs = performance.now();
    left = Math.min(resetBurst, left + ((nowMs - countedMs) / 1_000) * resetsPerSecond) - 1;
    countedMs = nowMs;
    if (left >= 0 || session.closed) return;
    // nghttp2 skips what follows it.
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    session.close();
    // A turn later: Node asserts, and so ends the process, when a session goes while it is being read.
    setImmediate(() => session.destroy());
  };
  session.on("stream", (stream) => stream.once("aborted", takenBack));
}
