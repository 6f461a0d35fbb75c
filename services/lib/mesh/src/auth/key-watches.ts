import { Code, type ConnectError } from "@connectrpc/connect";
import type { Call } from "../call/call.ts";
import { rpcError } from "../errors/rpc-error.ts";

/** The key of a caller, see `AcceptedKey`. */
interface CallerKey {
  readonly id: string;
  readonly name: string;
  /** Epoch milliseconds. */
  readonly expiresAtMs: number;
}

/** The open watches of callers with an API key. They end when their key is revoked and at its end date. */
export interface KeyWatches {
  /** Adds the watch of a caller with `key`, until `remove`. */
  add(call: Call, key: CallerKey): void;
  /** Removes a call that has ended. Does nothing for a call that was not added. */
  remove(call: Call): void;
  /** Ends the watches whose key is not in `ids`, the keys that are accepted now. */
  keep(ids: ReadonlySet<string>): void;
}

interface WatchedKey {
  readonly key: CallerKey;
  readonly calls: Set<Call>;
}

/** End dates are compared with the clock at least this often: the clock may be set, and timers have a maximum. */
const LONGEST_WAIT_MS = 60_000;

/** Creates an empty set of watches. `now` returns the current time, epoch milliseconds. */
export function createKeyWatches(now: () => number): KeyWatches {
  const watched = new Map<string, WatchedKey>();
  const keyOf = new WeakMap<Call, string>();
  let timer: NodeJS.Timeout | undefined;

  const end = ({ key, calls }: WatchedKey): void => {
    const reason = now() >= key.expiresAtMs ? keyExpired(key.name) : keyInvalid();
    for (const call of [...calls]) call.fail(reason);
  };
  const endExpired = (): void => {
    for (const one of [...watched.values()]) if (now() >= one.key.expiresAtMs) end(one);
    schedule();
  };
  const schedule = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (watched.size === 0) return;
    let firstMs = Number.POSITIVE_INFINITY;
    for (const { key } of watched.values()) firstMs = Math.min(firstMs, key.expiresAtMs);
    timer = setTimeout(endExpired, Math.min(Math.max(firstMs - now(), 1), LONGEST_WAIT_MS)).unref();
  };
  return {
    add(call, key) {
      if (call.closed) return;
      keyOf.set(call, key.id);
      const known = watched.get(key.id);
      if (known) known.calls.add(call);
      else {
        watched.set(key.id, { key, calls: new Set([call]) });
        schedule();
      }
    },
    remove(call) {
      const id = keyOf.get(call);
      const one = id === undefined ? undefined : watched.get(id);
      if (!one?.calls.delete(call) || one.calls.size > 0) return;
      watched.delete(one.key.id);
      if (watched.size === 0) schedule();
    },
    keep(ids) {
      for (const one of [...watched.values()]) if (!ids.has(one.key.id)) end(one);
    },
  };
}

/** Returns the error for a key that is not in the list. */
export function keyInvalid(): ConnectError {
  return rpcError(Code.Unauthenticated, "KEY_INVALID", "the API key is not known, or it was revoked");
}

/** Returns the error for the key with this name after its end date. */
export function keyExpired(name: string): ConnectError {
  const message = `the API key ${JSON.stringify(name)} has reached its end date`;
  return rpcError(Code.Unauthenticated, "KEY_EXPIRED", message);
}
