import type { Address } from "./listen.ts";

/** A listener that accepts connections. */
export interface Listener {
  readonly address: Address;
  /**
   * Accepts no new connection, asks open ones to close (GOAWAY), lets calls end for at most `graceMs`, then
   * closes the rest.
   */
  drain(graceMs: number): Promise<void>;
}
