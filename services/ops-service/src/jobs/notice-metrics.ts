import { metrics } from "@opentelemetry/api";
import type { AttemptReport, OutboxFigures, RelayPass } from "../domain/notices/deliver-notice.ts";

/** Counts the work on notices. */
export interface NoticeMetrics extends Disposable {
  attempt(report: AttemptReport, channel: string): void;
  leftOut(pass: Pick<RelayPass, "unrouted" | "resolved" | "changed">): void;
  figures(figures: OutboxFigures): void;
}

/**
 * Reports `bellwether.notices.attempts` (by outcome and channel), `.unrouted`, `.outbox.depth`, `.outbox.oldest_age` and
 * `.dead`. The figures of the outbox are those of the last call of `figures`.
 */
export function createNoticeMetrics(): NoticeMetrics {
  const meter = metrics.getMeter("bellwether.notices");
  const attempts = meter.createCounter("bellwether.notices.attempts", {
    unit: "{attempt}",
    description:
      "Attempts to deliver a notice, by outcome (delivered, retry, rejected, gone, interrupted) and channel.",
  });
  const unrouted = meter.createCounter("bellwether.notices.unrouted", {
    unit: "{event}",
    description:
      "Changes of alerts about which nobody was notified: no_route was for them, or the alerts were resolved, or changed owner or state, before the notice was due.",
  });
  const depth = meter.createObservableGauge("bellwether.notices.outbox.depth", {
    unit: "{notice}",
    description:
      "Notices that wait for their delivery, and changes that are not routed yet; 10,001 means more than 10,000.",
  });
  const oldest = meter.createObservableGauge("bellwether.notices.outbox.oldest_age", {
    unit: "s",
    description: "Age of the oldest notice that waits for its delivery.",
  });
  const dead = meter.createObservableGauge("bellwether.notices.dead", {
    unit: "{notice}",
    description: "Notices without further attempts, until they are replayed or deleted; 10,001 means more than 10,000.",
  });
  let latest: OutboxFigures | undefined;
  const observers = [
    [depth, (figures: OutboxFigures) => figures.waiting],
    [oldest, (figures: OutboxFigures) => figures.oldestAgeS],
    [dead, (figures: OutboxFigures) => figures.dead],
  ] as const;
  const callbacks = observers.map(([gauge, figureOf]) => {
    const observe: Parameters<typeof gauge.addCallback>[0] = (result) => {
      if (latest) result.observe(figureOf(latest));
    };
    gauge.addCallback(observe);
    return () => gauge.removeCallback(observe);
  });
  return {
    attempt: ({ outcome }, channel) => attempts.add(1, { outcome: outcome.kind, channel }),
    leftOut(pass) {
      unrouted.add(pass.unrouted, { reason: "no_route" });
      unrouted.add(pass.resolved, { reason: "resolved" });
      unrouted.add(pass.changed, { reason: "changed" });
    },
    figures(figures) {
      latest = figures;
    },
    [Symbol.dispose]() {
      for (const remove of callbacks) remove();
    },
  };
}
