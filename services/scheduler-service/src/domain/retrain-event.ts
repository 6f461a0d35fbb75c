import { eventIdOf } from "./event-id.ts";
import type { RetrainRecord } from "./retrain-record.ts";

/** The end of a retrain as an event of the audit log. */
export interface RetrainEvent {
  /** Id that is computed from the retrain: a repeated report is stored once. */
  readonly eventId: string;
  readonly kind: "model.retrained" | "model.retrain_failed" | "model.retrain_cancelled";
  /** Who started it. */
  readonly actor: string;
  /** "model/NAME". */
  readonly subject: string;
  /** Epoch milliseconds. */
  readonly occurredAtMs: number;
  readonly payload: Readonly<Record<string, string | number | null>>;
}

const KINDS = {
  published: "model.retrained",
  unchanged: "model.retrained",
  failed: "model.retrain_failed",
  cancelled: "model.retrain_cancelled",
} as const;
/** Maximum length of an actor: 256 bytes, and a UTF-8 character has at most four bytes. */
const MAX_ACTOR_CHARACTERS = 64;

/** Returns the event of a retrain; null as long as it has not ended. @param place where its record is: numbers repeat elsewhere */
export function retrainEvent(modelName: string, record: RetrainRecord, place: string): RetrainEvent | null {
  const { result, endedMs, window } = record;
  if (result === null || endedMs === null) return null;
  return {
    eventId: eventIdOf([place, modelName, record.jobId, String(record.beganMs)]),
    kind: KINDS[result.outcome],
    actor: record.actor.replaceAll("\0", "").slice(0, MAX_ACTOR_CHARACTERS) || "unknown",
    subject: `model/${modelName}`,
    occurredAtMs: endedMs,
    payload: {
      ...{ model: modelName, job: record.jobId, outcome: result.outcome, version: result.version, alias: result.alias },
      ...{ trigger: record.trigger, reason: record.reason, failure: result.failure },
      ...{ from_week: window.from, to_week: window.to, rows: result.rows, positives: result.positives },
      ...{ auc: result.auc, baseline_auc: result.baselineAuc, began_at: new Date(record.beganMs).toISOString() },
    },
  };
}
