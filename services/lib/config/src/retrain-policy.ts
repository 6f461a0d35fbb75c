import { z } from "zod";
import { integerFrom, oneOf, shown, valueAt, violationAt } from "./check-schema.ts";
import type { ConfigViolation } from "./config-error.ts";
import type { YamlFile } from "./yaml-file.ts";

/** When the scheduler trains a new version from weekly runs by itself, and within which limits. */
export interface RetrainPolicy {
  /**
   * True: the scheduler starts a retrain when a condition holds. False: only people start it. Default true: no condition holds as
   * long as no outcome is recorded.
   */
  readonly isAutomatic: boolean;
  /** The alias of the new version. A new version never becomes the champion by the retrain. Default challenger. */
  readonly alias: "challenger" | "none";
  /** Number of weeks, counted back from the newest complete one, whose rows are used, 4 to 520. Default 53. */
  readonly windowWeeks: number;
  /** Number of weeks of the window whose labels must be known, below which no retrain is due, 2 to 520. Default 8. */
  readonly minWeeks: number;
  /** Due when the newest complete week has at least this number of drift alarms against the training rows, 0 to 1,000. 0: never. Default 1. */
  readonly driftAlarms: number;
  /** Due when the newest version is older, days, 0 to 3,650. 0: never. Default 90. */
  readonly maxAgeDays: number;
  /** Due when this number of outcomes was recorded since the last retrain, 0 to 100,000. 0: never. Default 500. */
  readonly newOutcomes: number;
  /** Minimum time between the begins of two retrains that the scheduler starts, days, 1 to 365. Default 7. */
  readonly minDaysBetween: number;
  /** Largest memory of the process that trains, MiB, 64 to 1,048,576. Default 2,048. */
  readonly maxMemoryMib: number;
  /** Longest time of the training, minutes, 1 to 1,440. Default 60. */
  readonly maxMinutes: number;
}

/** The policy of a file without `retrain`. */
export const DEFAULT_RETRAIN: RetrainPolicy = {
  ...{ isAutomatic: true, alias: "challenger", windowWeeks: 53, minWeeks: 8 },
  ...{ driftAlarms: 1, maxAgeDays: 90, newOutcomes: 500, minDaysBetween: 7 },
  ...{ maxMemoryMib: 2_048, maxMinutes: 60 },
};

const starts = oneOf(["automatic", "by_hand"]);
const alias = oneOf(["challenger", "none"]);

/** Schema of `retrain` in config/risk_policy.yaml. */
export const retrainSchema = z
  .strictObject(
    {
      starts: starts.default("automatic"),
      alias: alias.default(DEFAULT_RETRAIN.alias),
      window_weeks: integerFrom(4, 520).default(DEFAULT_RETRAIN.windowWeeks),
      min_weeks: integerFrom(2, 520).default(DEFAULT_RETRAIN.minWeeks),
      drift_alarms: integerFrom(0, 1_000).default(DEFAULT_RETRAIN.driftAlarms),
      max_age_days: integerFrom(0, 3_650).default(DEFAULT_RETRAIN.maxAgeDays),
      new_outcomes: integerFrom(0, 100_000).default(DEFAULT_RETRAIN.newOutcomes),
      min_days_between: integerFrom(1, 365).default(DEFAULT_RETRAIN.minDaysBetween),
      max_memory_mib: integerFrom(64, 1_048_576).default(DEFAULT_RETRAIN.maxMemoryMib),
      max_minutes: integerFrom(1, 1_440).default(DEFAULT_RETRAIN.maxMinutes),
    },
    {
      error:
        "starts, alias, window_weeks, min_weeks, drift_alarms, max_age_days, new_outcomes, min_days_between, max_memory_mib, max_minutes",
    },
  )
  .prefault({});

/** Returns the policy in the parsed part of a file. */
export function retrainPolicyOf(parsed: z.output<typeof retrainSchema>): RetrainPolicy {
  return {
    ...{ isAutomatic: parsed.starts === "automatic", alias: parsed.alias },
    ...{ windowWeeks: parsed.window_weeks, minWeeks: parsed.min_weeks },
    ...{ driftAlarms: parsed.drift_alarms, maxAgeDays: parsed.max_age_days, newOutcomes: parsed.new_outcomes },
    ...{ minDaysBetween: parsed.min_days_between, maxMemoryMib: parsed.max_memory_mib, maxMinutes: parsed.max_minutes },
  };
}

/** Finds more weeks that are needed than the window has. */
export function checkRetrain(file: YamlFile): readonly ConfigViolation[] {
  const [needed, window] = ["min_weeks", "window_weeks"].map((key) => valueAt(file.value, ["retrain", key]));
  const minWeeks = typeof needed === "number" ? needed : DEFAULT_RETRAIN.minWeeks;
  const windowWeeks = typeof window === "number" ? window : DEFAULT_RETRAIN.windowWeeks;
  if (minWeeks <= windowWeeks) return [];
  const key = typeof needed === "number" ? "min_weeks" : "window_weeks";
  const expected =
    key === "min_weeks" ? `at most window_weeks, which is ${windowWeeks}` : `at least min_weeks, which is ${minWeeks}`;
  return [violationAt(file, ["retrain", key], shown(key === "min_weeks" ? minWeeks : windowWeeks), expected)];
}
