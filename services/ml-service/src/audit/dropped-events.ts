import type { Logger } from "@bellwether/telemetry/logger";
import { type Counter, metrics } from "@opentelemetry/api";
import type { CountDroppedEvents } from "../domain/audit-ports.ts";

/** A flood of losses is one line a minute. */
const LOG_EVERY_MS = 60_000;

/** Counts lost events in `bellwether.audit.lost`, by reason, and says in the log how many there were, at most once a minute. */
export function countDroppedEvents(logger: Pick<Logger, "warn">, now: () => number = Date.now): CountDroppedEvents {
  let counter: Counter | undefined;
  let unreported = 0;
  let nextLogMs = 0;
  return (events, reason) => {
    if (events === 0) return;
    // Made at the first loss: the meter provider is registered by then.
    counter ??= metrics.getMeter("bellwether.audit").createCounter("bellwether.audit.lost", {
      unit: "{event}",
      description: "Audit events that are not kept.",
    });
    counter.add(events, { reason });
    unreported += events;
    if (now() < nextLogMs) return;
    logger.warn({ events: unreported, reason }, "audit events lost");
    unreported = 0;
    nextLogMs = now() + LOG_EVERY_MS;
  };
}
