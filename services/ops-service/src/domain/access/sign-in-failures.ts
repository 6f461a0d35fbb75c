import type { AuditEvent } from "../audit/audit-chain.ts";

/**
 * Counts sign-ins that failed and records one event per reason and minute: anybody can fail any number of times,
 * and the events must not fill the audit log.
 */
export interface SignInFailures {
  /**
   * Returns whether it is the first failure with this reason within its minute, to be logged.
   * @param reason a constant of this project, for example "GROUP_MISSING"
   */
  count(reason: string): boolean;
  /** Records the counted failures at once. */
  flush(): Promise<void>;
}

export interface SignInFailureOptions {
  /** Records events in the audit log. A failure is the caller's to report. */
  readonly record: (events: readonly Omit<AuditEvent, "eventId" | "occurredUs">[]) => Promise<void>;
  readonly now: () => Date;
  /** Called when the events could not be recorded, with the number of failed sign-ins that they count. */
  readonly onLost: (error: unknown, failures: number) => void;
  /** Time from the first failed sign-in to the event that counts it. Default one minute. */
  readonly everyMs?: number;
}

/** Maximum number of reasons that are counted separately. */
const MAX_REASONS = 32;

/** Counts failed sign-ins. A killed process loses the numbers of its last minute. */
export function createSignInFailures({ record, now, onLost, everyMs = 60_000 }: SignInFailureOptions): SignInFailures {
  const counts = new Map<string, { failures: number; readonly firstAt: Date }>();
  let timer: NodeJS.Timeout | undefined;
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const ended = [...counts];
    counts.clear();
    if (ended.length === 0) return;
    const events = ended.map(([reason, { failures, firstAt }]) => ({
      kind: "sign_in.failed",
      actor: "unauthenticated",
      subject: "",
      payload: JSON.stringify({ reason, failures, first_at: firstAt.toISOString() }),
    }));
    await record(events).catch((error) =>
      onLost(
        error,
        ended.reduce((sum, [, { failures }]) => sum + failures, 0),
      ),
    );
  };
  return {
    count(reason) {
      const key = counts.has(reason) || counts.size < MAX_REASONS ? reason : "OTHER";
      const count = counts.get(key) ?? { failures: 0, firstAt: now() };
      count.failures++;
      counts.set(key, count);
      timer ??= setTimeout(flush, everyMs).unref();
      return count.failures === 1;
    },
    flush,
  };
}
