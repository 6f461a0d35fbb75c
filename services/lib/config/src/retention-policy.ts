import { z } from "zod";
import { integerFrom, leaf, shown, valueAt, violationAt } from "./check-schema.ts";
import type { ConfigViolation } from "./config-error.ts";
import type { YamlFile } from "./yaml-file.ts";

/** How long data is kept. Weeks count back from the newest complete week of the model, which is the first one. */
export interface RetentionPolicy {
  /** Number of weeks whose scores and explanations are kept, 4 to 2,000. Default 53. */
  readonly scoreWeeks: number;
  /** Number of weeks whose snapshot of the input is kept, 1 to 2,000. Default 8. */
  readonly snapshotWeeks: number;
  /**
   * Number of weeks whose scores alone are kept for outcomes that become known late, 4 to 2,000. Default 157. Not less than
   * `scoreWeeks`.
   */
  readonly outcomeWeeks: number;
  /** Number of weeks whose report is kept, 4 to 2,000. Null: forever, which is the default. */
  readonly reportWeeks: number | null;
  /** Age at which the payload of an audit event is erased, 30 to 36,500 days. Null: never, which is the default. */
  readonly auditPayloadDays: number | null;
  /** Time after the resolution of an alert at which its notes are erased, 30 to 36,500 days. Null: never, which is the default. */
  readonly noteDays: number | null;
}

/** The alert rules and the changes of scores look back a few weeks. */
const MIN_SCORE_WEEKS = 4;
const MAX_WEEKS = 2_000;
/** Weeks of scores that are kept for outcomes: three years. */
const OUTCOME_WEEKS = 157;
const MIN_DAYS = 30;
const MAX_DAYS = 36_500;
const FOREVER = "forever";

/** The retention of a file without `retention`. */
export const DEFAULT_RETENTION: RetentionPolicy = {
  ...{ scoreWeeks: 53, snapshotWeeks: 8, outcomeWeeks: OUTCOME_WEEKS },
  ...{ reportWeeks: null, auditPayloadDays: null, noteDays: null },
};

/** Returns the schema of an integer from `min` to `max`, or `forever`. */
const integerOrForever = (min: number, max: number) =>
  leaf<number | typeof FOREVER>(
    `an integer from ${min} to ${max}, or ${FOREVER}`,
    (v) => v === FOREVER || (typeof v === "number" && Number.isInteger(v) && v >= min && v <= max),
  ).default(FOREVER);

/** Schema of `retention` in config/risk_policy.yaml. */
export const retentionSchema = z
  .strictObject(
    {
      score_weeks: integerFrom(MIN_SCORE_WEEKS, MAX_WEEKS).default(DEFAULT_RETENTION.scoreWeeks),
      snapshot_weeks: integerFrom(1, MAX_WEEKS).default(DEFAULT_RETENTION.snapshotWeeks),
      outcome_weeks: integerFrom(MIN_SCORE_WEEKS, MAX_WEEKS).optional(),
      report_weeks: integerOrForever(MIN_SCORE_WEEKS, MAX_WEEKS),
      audit_payload_days: integerOrForever(MIN_DAYS, MAX_DAYS),
      note_days: integerOrForever(MIN_DAYS, MAX_DAYS),
    },
    { error: "score_weeks, snapshot_weeks, outcome_weeks, report_weeks, audit_payload_days, note_days" },
  )
  .prefault({});

/** Returns the policy of a parsed `retention`. */
export function retentionPolicyOf(yaml: z.output<typeof retentionSchema>): RetentionPolicy {
  const orForever = (value: number | typeof FOREVER): number | null => (value === FOREVER ? null : value);
  return {
    scoreWeeks: yaml.score_weeks,
    snapshotWeeks: yaml.snapshot_weeks,
    outcomeWeeks: yaml.outcome_weeks ?? Math.max(OUTCOME_WEEKS, yaml.score_weeks),
    reportWeeks: orForever(yaml.report_weeks),
    auditPayloadDays: orForever(yaml.audit_payload_days),
    noteDays: orForever(yaml.note_days),
  };
}

/** Finds scores that would be kept for outcomes for a shorter time than in full. */
export function checkRetention(file: YamlFile): readonly ConfigViolation[] {
  const [scores, outcomes] = ["score_weeks", "outcome_weeks"].map((key) => valueAt(file.value, ["retention", key]));
  const scoreWeeks = typeof scores === "number" ? scores : DEFAULT_RETENTION.scoreWeeks;
  if (typeof outcomes !== "number" || outcomes >= scoreWeeks) return [];
  return [
    violationAt(file, ["retention", "outcome_weeks"], shown(outcomes), `at least score_weeks, which is ${scoreWeeks}`),
  ];
}
