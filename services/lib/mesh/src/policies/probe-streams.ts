import { Code } from "@connectrpc/connect";
import type { Call } from "../call/call.ts";
import type { Policy } from "../call/policy.ts";
import { rpcError } from "../errors/rpc-error.ts";
import { sharedError } from "../errors/shared-error.ts";

/**
 * Limits on streams of health and reflection: anybody may open them, and they last until their clients end
 * them.
 */
export interface ProbeStreamLimits {
  /** Maximum number of streams per service, over all listeners. */
  readonly maxStreams: number;
  /** Maximum number of streams per service and remote address. */
  readonly maxStreamsPerAddress: number;
}

/** A client of the mesh opens one health watch per connection. */
export const DEFAULT_PROBE_STREAMS: ProbeStreamLimits = { maxStreams: 1_024, maxStreamsPerAddress: 256 };

const RETRY_AFTER_MS = 5_000;

/**
 * Counts `Health/Watch` and reflection streams from their headers on, in total and by the remote address of
 * their connection. They hold no slot of the admission policy, so that a server without free slots still
 * reports its health.
 * @throws RESOURCE_EXHAUSTED in `open`
 */
export function probeStreamPolicy(limits: ProbeStreamLimits = DEFAULT_PROBE_STREAMS): Policy {
  const addresses = new Map<Call, string>();
  const totals = new Map<string, number>();
  const byAddress = new Map<string, number>();
  const exhausted = sharedError(() =>
    rpcError(Code.ResourceExhausted, "TOO_MANY_PROBES", "too many streams of health or reflection are open", {
      retryAfterMs: RETRY_AFTER_MS,
    }),
  );
  const countOf = (counts: ReadonlyMap<string, number>, key: string): number => counts.get(key) ?? 0;
  const add = (counts: Map<string, number>, key: string, change: number): void => {
    const count = countOf(counts, key) + change;
    if (count > 0) counts.set(key, count);
    else counts.delete(key);
  };
  return {
    open(call) {
      if (!isProbeStream(call)) return;
      const service = call.method.parent.typeName;
      const address = `${service} ${call.peer.address}`;
      if (countOf(totals, service) >= limits.maxStreams || countOf(byAddress, address) >= limits.maxStreamsPerAddress) {
        throw exhausted();
      }
      add(totals, service, 1);
      add(byAddress, address, 1);
      addresses.set(call, address);
    },
    close(call) {
      const address = isProbeStream(call) ? addresses.get(call) : undefined;
      if (address === undefined) return;
      addresses.delete(call);
      add(totals, call.method.parent.typeName, -1);
      add(byAddress, address, -1);
    },
  };
}

function isProbeStream({ bound }: Call): boolean {
  return bound.isProbe && bound.limits.openEnded;
}
