import type { HandlerContext } from "@connectrpc/connect";
import { Call } from "./call.ts";
import { callerOf } from "./caller.ts";

/** Counts what callers hold of something limited, such as open streams. */
export interface CallerShares {
  /** Takes one place for a caller. Undefined: the caller has its share. The result gives the place back, once. */
  take(caller: string): (() => void) | undefined;
  /** Places that one caller can have. */
  readonly share: number;
}

/** A quarter of the places is free for others than the caller with the most. */
const SHARE = 3 / 4;

/** Creates the count for `places` places, of which one caller can have three quarters, at least one. */
export function createCallerShares(places: number): CallerShares {
  const share = Math.max(1, Math.floor(places * SHARE));
  const held = new Map<string, number>();
  return {
    share,
    take(caller) {
      const count = held.get(caller) ?? 0;
      if (count >= share) return undefined;
      held.set(caller, count + 1);
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        const left = (held.get(caller) ?? 1) - 1;
        if (left > 0) held.set(caller, left);
        else held.delete(caller);
      };
    },
  };
}

/** Returns whose share a call uses: that of the caller, and without credentials that of the remote address. */
export function shareOf(context: Pick<HandlerContext, "values">): string {
  const call = context instanceof Call ? context : undefined;
  const { subject, via } = call?.caller ?? callerOf(context);
  return via === "none" ? `address ${call?.peer.address ?? ""}` : subject;
}
