import { setTimeout as pause } from "node:timers/promises";
import { PeerUnavailableError } from "../domain/scheduler-error.ts";
import { callPeer } from "./peer-error.ts";

/** Attempts of a call, and time between two of them, ms. */
const ATTEMPTS = 6;
export const AGAIN_MS = 2_000;

/**
 * Calls a peer, and calls it again while it is unavailable: a busy peer shall not cost the result of a long job.
 * @throws PeerUnavailableError after six attempts; PeerRejectedError; the reason of `signal`
 */
export async function callAgain<T>(
  peer: string,
  call: () => Promise<T>,
  signal: AbortSignal,
  againMs = AGAIN_MS,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await callPeer(peer, call());
    } catch (error) {
      if (!(error instanceof PeerUnavailableError) || attempt >= ATTEMPTS) throw error;
    }
    await pause(againMs, undefined, { signal });
  }
}
