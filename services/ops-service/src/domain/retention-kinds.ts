import type { RetentionLimits } from "./retention.ts";

/** Every kind of data of an installation. */
export type DataKind =
  | RemovedKind
  | "scores"
  | "snapshots"
  | "notices"
  | "request_answers"
  | "sessions"
  | "audit_records"
  | "alerts"
  | "outcomes"
  | "suppliers"
  | "runs"
  | "api_keys"
  | "watchlists"
  | "external_scores"
  | "result_copies"
  | "exported_events";

/** Kinds whose removals the database counts by kind. Those of scores are counted by run. */
export type RemovedKind = "late_scores" | "reports" | "audit_payloads" | "alert_notes";

/** Removals of a kind because of its age. */
export interface RemovedItems {
  /** Number of items that were removed. */
  readonly removed: number;
  /** Null: never. */
  readonly lastRemovedAt: Date | null;
}

/** How long data of a kind is kept. "elsewhere": by another system, with its own retention. */
export interface KindRetention {
  readonly kind: DataKind;
  /** What the data is, as words for people. */
  readonly title: string;
  readonly kept: { readonly weeks: number } | { readonly days: number } | "forever" | "elsewhere";
  /** The event from which days count, as words for people. Empty with other units. */
  readonly countedFrom: string;
  /** The setting, as words for people. Empty: it cannot be set. */
  readonly setting: string;
}

/** Answers to imports of outcomes and master data are kept for a week; those to requests with a key for a day. */
const ANSWER_DAYS = 7;
const ENDED_SESSION_DAYS = 1;

/**
 * Returns the retention of every kind of data, also of those that are kept forever, in the order in which people read them.
 * @param noticeDays of the routes file. Null: the service sends no notices
 */
export function retentionOfKinds(limits: RetentionLimits, noticeDays: number | null): readonly KindRetention[] {
  const ofPolicy = (key: string): string => `retention.${key} in risk_policy.yaml`;
  const inWeeks = (weeks: number | null) => (weeks === null ? "forever" : { weeks });
  const inDays = (days: number | null) => (days === null ? "forever" : { days });
  const byWeeks = (kind: DataKind, title: string, key: string, weeks: number | null): KindRetention => ({
    ...{ kind, title, kept: inWeeks(weeks), countedFrom: "", setting: ofPolicy(key) },
  });
  const byDays = (kind: DataKind, title: string, countedFrom: string, days: number | null, setting = "") => {
    const kept = inDays(days);
    return { kind, title, kept, countedFrom: kept === "forever" ? "" : countedFrom, setting } satisfies KindRetention;
  };
  const fixed = (kind: DataKind, title: string, kept: "forever" | "elsewhere", setting = ""): KindRetention => ({
    ...{ kind, title, kept, countedFrom: "", setting },
  });
  return [
    byWeeks("scores", "scores, contributions and feature values of weekly runs", "score_weeks", limits.scoreWeeks),
    byWeeks("late_scores", "scores alone, for outcomes that become known late", "outcome_weeks", limits.outcomeWeeks),
    byWeeks("snapshots", "snapshots of the weekly input", "snapshot_weeks", limits.snapshotWeeks),
    byWeeks("reports", "reports of weeks, and profiles of their input columns", "report_weeks", limits.reportWeeks),
    byDays(
      ...(["audit_payloads", "payloads of audit events", "the recording of the event"] as const),
      ...([limits.auditPayloadDays, ofPolicy("audit_payload_days")] as const),
    ),
    byDays(
      ...(["alert_notes", "notes of alerts", "the resolution of the alert"] as const),
      ...([limits.noteDays, ofPolicy("note_days")] as const),
    ),
    noticeDays === null
      ? fixed("notices", "notices that were sent or given up", "forever", "no notices are sent")
      : byDays(
          ...(["notices", "notices that were sent or given up", "the end of their delivery"] as const),
          ...([noticeDays, "retention_days in notice_routes.yaml"] as const),
        ),
    byDays("request_answers", "answers for requests that are sent again", "the request", ANSWER_DAYS),
    byDays("sessions", "sessions of people that have ended", "the end of the session", ENDED_SESSION_DAYS),
    fixed("audit_records", "records of the audit log, without payloads", "forever"),
    fixed("alerts", "alerts and their history, without notes", "forever"),
    fixed("outcomes", "outcomes and their corrections", "forever"),
    fixed("suppliers", "suppliers: ids, names and master data", "forever"),
    fixed("runs", "weekly runs: counts, totals, checks and losses", "forever"),
    fixed("api_keys", "API keys that were revoked or have expired", "forever"),
    fixed("external_scores", "external scores", "forever"),
    fixed("watchlists", "watchlists of people", "forever"),
    fixed("result_copies", "copies of snapshots and reports", "elsewhere", "the object store of WEEKLY_RESULTS_URL"),
    fixed("exported_events", "alerts and audit events that were exported", "elsewhere", "Kafka and the event archive"),
  ];
}

/** Returns the audit event of a removal of a kind. @param details counts and limits */
export function kindRemovalEvent(
  kind: "late_scores_removed" | "reports_removed" | "payloads_erased" | "notes_erased",
  subject: string,
  details: Readonly<Record<string, unknown>>,
) {
  return { kind: `retention.${kind}`, actor: "ops-service", subject, payload: JSON.stringify(details) };
}
