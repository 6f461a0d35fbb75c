import type { AuditEvent } from "../domain/audit-event.ts";
import type { RecordEvent } from "../domain/audit-ports.ts";

/** A call that was rejected before its caller was known, or because of overload. */
export interface CountedRejection {
  /** "package.Service/Method". */
  readonly rpc: string;
  /** The code's name, for example "UNAUTHENTICATED". */
  readonly code: string;
  /** `ErrorInfo.reason`; undefined when the error has none. */
  readonly reason: string | undefined;
  readonly identified: boolean;
}

/**
 * Counts rejected calls and records one event per reason and minute, so that a flood of them cannot displace
 * other events.
 */
export interface RejectionCounts {
  count(rejection: CountedRejection): void;
  /** Records the counted calls at once. */
  flush(): void;
}

export interface RejectionCountsOptions {
  readonly record: RecordEvent;
  readonly newId: () => string;
  /** Returns the current time, epoch milliseconds. */
  readonly now: () => number;
  /**
   * Time from the first rejected call to the event that counts it. Default one minute. A killed process loses
   * the counts of this time.
   */
  readonly everyMs?: number;
}

interface Count {
  readonly code: string;
  readonly reason: string;
  readonly identified: boolean;
  readonly firstMs: number;
  calls: number;
  /** Number of calls per RPC. It has at most as many entries as the service has RPCs. */
  readonly rpcs: Map<string, number>;
}

/**
 * Maximum number of reasons. Reasons are constants of this project; if there are ever more, the rest is
 * counted together.
 */
const MAX_REASONS = 32;

/** Counts rejected calls, and records one event per reason when `everyMs` has passed since the first call. */
export function createRejectionCounts(options: RejectionCountsOptions): RejectionCounts {
  const { record, newId, now, everyMs = 60_000 } = options;
  const counts = new Map<string, Count>();
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const ended = [...counts.values()];
    counts.clear();
    for (const count of ended) record(eventFromCount(count, newId(), now()));
  };
  return {
    count({ rpc, code, reason = code, identified }) {
      const known = `${identified}/${reason}`;
      const key = counts.has(known) || counts.size < MAX_REASONS ? known : "other";
      const count = counts.get(key) ?? {
        ...{ code, reason: key === "other" ? "OTHER" : reason, identified },
        ...{ firstMs: now(), calls: 0, rpcs: new Map<string, number>() },
      };
      counts.set(key, count);
      count.calls++;
      count.rpcs.set(rpc, (count.rpcs.get(rpc) ?? 0) + 1);
      timer ??= setTimeout(flush, everyMs).unref();
    },
    flush,
  };
}

function eventFromCount(count: Count, eventId: string, occurredAtMs: number): AuditEvent {
  const { code, reason, identified, firstMs, calls, rpcs } = count;
  return {
    eventId,
    kind: "calls.refused",
    actor: identified ? "several" : "unauthenticated",
    subject: "",
    occurredAtMs,
    payload: { code, reason, calls, first_at: new Date(firstMs).toISOString(), rpcs: Object.fromEntries(rpcs) },
  };
}
