import type { Address } from "./listen.ts";

/** A listening listener. */
export interface Listener {
  readonly address: Address;
  /** Takes no new connection, tells open ones to go (GOAWAY), lets calls end for at most `graceMs`, then cuts what is left. */
  drain(graceMs: number): Promise<void>;
}
