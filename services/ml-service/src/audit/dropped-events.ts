import type { Logger } from "@bellwether/telemetry/logger";
import { type Counter, metrics } from "@opentelemetry/api";
import type { CountDroppedEvents } from "../domain/audit-ports.ts";

/** Minimum time between two log lines about dropped events. */
const LOG_EVERY_MS = 60_000;

/**
 * Counts dropped events in the metric `bellwether.audit.lost`, by sink and reason, and logs their number at most once
 * a minute.
 */
export function countDroppedEvents(
  logger: Pick<Logger, "warn">,
  sink: string,
  now: () => number = Date.now,
): CountDroppedEvents {
  let counter: Counter | undefined;
  let unreported = 0;
  let nextLogMs = 0;
  return (events, reason) => {
    if (events === 0) return;
    // The counter is created at the first dropped event, because the meter provider is registered by then.
    counter ??= metrics.getMeter("bellwether.audit").createCounter("bellwether.audit.lost", {
      unit: "{event}",
      description: "Audit events that were dropped.",
    });
    counter.add(events, { reason, sink });
    unreported += events;
    if (now() < nextLogMs) return;
    logger.warn({ events: unreported, reason, sink }, "audit events dropped");
    unreported = 0;
    nextLogMs = now() + LOG_EVERY_MS;
  };
}
