import { setTimeout as delay } from "node:timers/promises";
import { metrics } from "@opentelemetry/api";
import type { LogCare } from "../domain/audit/log-care.ts";
import type { ChainVerification } from "../domain/audit/verify-chain.ts";

export interface AuditCareOptions {
  readonly care: LogCare;
  /** Time between two verifications of new records, ms. */
  readonly everyMs: number;
  /** Time between two verifications of the whole log, ms. */
  readonly wholeEveryMs: number;
  /** Called when the log does not verify, once for each reason; null: it verifies again. */
  readonly onBroken: (broken: ChainVerification["broken"]) => void;
  readonly onError: (error: unknown) => void;
}

/** The care for the log as a job. */
export interface AuditCare extends Disposable {
  /** Verifies new records and signs a checkpoint soon, for example after a run. */
  signSoon(): void;
}

/**
 * Verifies new records at intervals, and the whole log more rarely. Reports `bellwether.audit.verified_sequence`,
 * `bellwether.audit.broken` (1: the log does not verify) and `bellwether.audit.verified_age`.
 */
export function startAuditCare(options: AuditCareOptions): AuditCare {
  const { care, everyMs, wholeEveryMs, onBroken, onError } = options;
  const stopped = new AbortController();
  const { signal } = stopped;
  const shown = createAuditMetrics();
  let wake = new AbortController();
  let sign = false;
  let reason = "";

  const report = (result: ChainVerification): void => {
    shown.verified(result);
    const now = result.broken ? `${result.broken.sequence} ${result.broken.reason}` : "";
    if (now !== reason) onBroken(result.broken);
    reason = now;
  };
  const run = async (): Promise<void> => {
    let whole: ChainVerification | undefined;
    for (let nextWholeMs = performance.now() + wholeEveryMs; ; ) {
      wake = new AbortController();
      if (!sign)
        await delay(everyMs, undefined, { signal: AbortSignal.any([signal, wake.signal]), ref: false }).catch(() => {});
      if (signal.aborted) return;
      const isSigning = sign;
      sign = false;
      try {
        if (performance.now() >= nextWholeMs) {
          nextWholeMs = performance.now() + wholeEveryMs;
          whole = await care.verifyAll(signal);
        }
        const fresh = await care.check(signal, { sign: isSigning });
        // What the whole verification has found is not hidden by new records that are correct.
        report(whole && !whole.holds ? whole : fresh);
      } catch (error) {
        if (!signal.aborted) onError(error);
      }
    }
  };
  void run();
  return {
    signSoon() {
      sign = true;
      wake.abort();
    },
    [Symbol.dispose]() {
      stopped.abort();
      shown[Symbol.dispose]();
    },
  };
}

/** The last verification, and when it ended. */
interface Shown {
  readonly result: ChainVerification;
  readonly atMs: number;
}

function createAuditMetrics() {
  const meter = metrics.getMeter("bellwether.audit");
  const sequence = meter.createObservableGauge("bellwether.audit.verified_sequence", {
    unit: "{record}",
    description: "Sequence of the last record of the audit log that was verified.",
  });
  const broken = meter.createObservableGauge("bellwether.audit.broken", {
    unit: "1",
    description: "1 when a record of the audit log is changed or missing, otherwise 0.",
  });
  const age = meter.createObservableGauge("bellwether.audit.verified_age", {
    unit: "s",
    description: "Time since new records of the audit log were last verified.",
  });
  let last: Shown | undefined;
  const observers = [
    [sequence, ({ result }) => result.verified.sequence],
    [broken, ({ result }) => (result.holds ? 0 : 1)],
    [age, ({ atMs }) => (performance.now() - atMs) / 1_000],
  ] as const satisfies readonly (readonly [typeof sequence, (shown: Shown) => number])[];
  const callbacks = observers.map(([gauge, figureOf]) => {
    const observe: Parameters<typeof gauge.addCallback>[0] = (observed) => {
      if (last) observed.observe(figureOf(last));
    };
    gauge.addCallback(observe);
    return () => gauge.removeCallback(observe);
  });
  return {
    verified(result: ChainVerification) {
      last = { result, atMs: performance.now() };
    },
    [Symbol.dispose]() {
      for (const remove of callbacks) remove();
    },
  };
}
