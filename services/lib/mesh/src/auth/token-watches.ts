import type { Call } from "../call/call.ts";
import type { Caller } from "../call/caller.ts";
import { TokenError, type TokenVerifier } from "./token-verifier.ts";

/** The open watches of callers with a token. They end when their token has expired, or is no longer accepted. */
export interface TokenWatches {
  /** Adds the watch of a caller with `token`, until `remove`. */
  add(call: Call, token: string, caller: Pick<Caller, "expiresAtMs">): void;
  /** Removes a call that has ended. Does nothing for a call that was not added. */
  remove(call: Call): void;
}

export interface TokenWatchesOptions {
  readonly verify: TokenVerifier;
  /** Returns the error for a call whose token is not accepted. */
  readonly toError: (error: TokenError) => unknown;
  /** Interval at which the tokens are verified again, milliseconds. Default 2 s. */
  readonly checkMs?: number;
}

interface WatchedToken {
  readonly expiresAtMs: number;
  readonly calls: Set<Call>;
}

const CHECK_MS = 2_000;

/** Creates an empty set of watches. A token is verified again at intervals, and its end is not missed between them. */
export function createTokenWatches({ verify, toError, checkMs = CHECK_MS }: TokenWatchesOptions): TokenWatches {
  const watched = new Map<string, WatchedToken>();
  const tokenOf = new WeakMap<Call, string>();
  let timer: NodeJS.Timeout | undefined;

  const end = (token: string, error: unknown): void => {
    // While the keys cannot be read, the token was not rejected.
    if (!(error instanceof TokenError) || error.reason === "KEYS_UNAVAILABLE") return;
    for (const call of [...(watched.get(token)?.calls ?? [])]) call.fail(toError(error));
  };
  const check = (): void => {
    for (const [token, { expiresAtMs }] of [...watched]) {
      if (Date.now() >= expiresAtMs) {
        end(token, new TokenError("TOKEN_EXPIRED", "the token has expired", undefined));
        continue;
      }
      try {
        const verified = verify(token);
        if (verified instanceof Promise) verified.catch((error: unknown) => end(token, error));
      } catch (error) {
        end(token, error);
      }
    }
    schedule();
  };
  const schedule = (): void => {
    clearTimeout(timer);
    if (watched.size === 0) return;
    let firstMs = Number.POSITIVE_INFINITY;
    for (const { expiresAtMs } of watched.values()) firstMs = Math.min(firstMs, expiresAtMs);
    timer = setTimeout(check, Math.min(Math.max(firstMs - Date.now(), 1), checkMs)).unref();
  };
  return {
    add(call, token, { expiresAtMs = Number.POSITIVE_INFINITY }) {
      if (call.closed) return;
      tokenOf.set(call, token);
      const known = watched.get(token);
      if (known) known.calls.add(call);
      else {
        watched.set(token, { expiresAtMs, calls: new Set([call]) });
        schedule();
      }
    },
    remove(call) {
      const token = tokenOf.get(call);
      const one = token === undefined ? undefined : watched.get(token);
      if (token === undefined || !one?.calls.delete(call) || one.calls.size > 0) return;
      watched.delete(token);
      if (watched.size === 0) schedule();
    },
  };
}
