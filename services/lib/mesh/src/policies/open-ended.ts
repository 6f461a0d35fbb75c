import { Code } from "@connectrpc/connect";
import type { Call, Peer } from "../call/call.ts";
import type { Policy } from "../call/policy.ts";
import { rpcError } from "../errors/rpc-error.ts";
import { sharedError } from "../errors/shared-error.ts";

export interface OpenEndedPolicy extends Policy {
  /** Returns the number of open watches. */
  count(): number;
  /**
   * Ends the watches of one old connection with UNAVAILABLE, so that their clients open them again on another
   * connection.
   */
  endOn(peer: Peer): void;
  /** Ends all watches with UNAVAILABLE, so that their clients open them again on another server. */
  endAll(): void;
}

/**
 * Tracks the open-ended streams, because a stop cannot wait for their end. One connection may have
 * `maxWatches` of them, so that calls that end find a free stream on it.
 */
export function openEndedPolicy(maxWatches: number): OpenEndedPolicy {
  /** The open watches by connection: calls of one connection share a `Peer`. */
  const peers = new Map<Call, Peer>();
  const perConnection = new WeakMap<Peer, number>();
  const tooMany = sharedError(() =>
    rpcError(
      Code.ResourceExhausted,
      "TOO_MANY_WATCHES",
      `this connection has ${maxWatches} open-ended streams: end some, or open another connection`,
    ),
  );
  const aged = sharedError(() =>
    rpcError(Code.Unavailable, "CONNECTION_AGE", "the connection has reached its age limit: open the stream again", {
      retryAfterMs: 0,
    }),
  );
  const stopping = sharedError(() =>
    rpcError(Code.Unavailable, "SHUTTING_DOWN", "the server is shutting down", { retryAfterMs: 0 }),
  );
  return {
    open(call) {
      if (!call.bound.limits.openEnded) return;
      const { peer } = call;
      const open = perConnection.get(peer) ?? 0;
      if (open >= maxWatches) throw tooMany();
      perConnection.set(peer, open + 1);
      peers.set(call, peer);
    },
    close(call) {
      if (!call.bound.limits.openEnded) return;
      const peer = peers.get(call);
      if (!peer) return;
      peers.delete(call);
      perConnection.set(peer, (perConnection.get(peer) ?? 1) - 1);
    },
    count: () => peers.size,
    endOn(peer) {
      for (const [call, other] of [...peers]) if (other === peer) call.fail(aged());
    },
    endAll() {
      for (const call of [...peers.keys()]) call.fail(stopping());
    },
  };
}
