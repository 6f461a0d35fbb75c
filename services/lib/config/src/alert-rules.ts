import { z } from "zod";
import {
  integerFrom,
  leaf,
  numberWhere,
  parseWithSchema,
  shown,
  textLike,
  valueAt,
  violationAt,
} from "./check-schema.ts";
import type { ConfigViolation } from "./config-error.ts";
import { readYaml, type YamlFile } from "./yaml-file.ts";

const ruleId = textLike("an id of 1 to 40 lower-case letters, digits and -", /^[a-z0-9][a-z0-9-]{0,39}$/);
const limit = numberWhere("a score from 0 to 1", (v) => v >= 0 && v <= 1);
/**
 * Default number of runs without a score after which an alert is closed. A weekly file may be late or
 * incomplete for a week or two; a month without a score is more than such a delay.
 */
const RUNS_TO_LAPSE = 4;
/** Ten years. */
const MAX_LONGEST_DAYS = 3_653;
/** Default longest times of what people decide until a date, in days. */
const LONGEST_DAYS: LongestDays = { snooze: 366, override: 366, accepted: 731 };
const longestDays = (days: number) => integerFrom(1, MAX_LONGEST_DAYS).default(days);

const schema = z.strictObject({
  version: z.literal(1, { error: "1" }),
  cool_down_weeks: integerFrom(0, 52),
  // Of earlier releases.
  cool_down_days: leaf<undefined>(
    "the key cool_down_weeks instead: the number of run weeks, for example 2 for 14 days",
    (value) => value === undefined,
  ).optional(),
  max_weeks_apart: integerFrom(1, 52).default(1),
  runs_to_lapse: integerFrom(1, 52).default(RUNS_TO_LAPSE),
  longest_days: z
    .strictObject(
      {
        snooze: longestDays(LONGEST_DAYS.snooze),
        override: longestDays(LONGEST_DAYS.override),
        accepted: longestDays(LONGEST_DAYS.accepted),
      },
      { error: "a map: snooze, override, accepted" },
    )
    .default(LONGEST_DAYS),
  score_threshold: z.strictObject(
    {
      id: ruleId,
      raise: limit,
      runs_to_raise: integerFrom(1, 8),
      critical: limit,
      keep_critical: limit.optional(),
      clear: limit,
      runs_to_clear: integerFrom(1, 8),
    },
    { error: "a rule: id, raise, runs_to_raise, critical, keep_critical, clear, runs_to_clear" },
  ),
  weekly_capacity: z.strictObject(
    {
      id: ruleId,
      suppliers: integerFrom(0, 10_000),
      min_lift: numberWhere("a number from 0 to 1000", (v) => v >= 0 && v <= 1000),
      keep_within: integerFrom(0, 100_000),
    },
    { error: "a rule: id, suppliers, min_lift, keep_within" },
  ),
});

/** How far ahead, in days, what people decide about an alert may end. */
export interface LongestDays {
  readonly snooze: number;
  readonly override: number;
  /** Of a risk that is accepted until a date. */
  readonly accepted: number;
}

/** Creates alerts by the calibrated risk score, in [0, 1]. `clear` ≤ `keepCritical` ≤ `critical`, `clear` ≤ `raise` ≤ `critical`. */
export interface ScoreThresholdRule {
  readonly id: string;
  readonly raise: number;
  /** Number of consecutive runs at `raise` or above that create an alert. */
  readonly runsToRaise: number;
  /** A score at or above this limit creates an alert, or makes it critical, at once. */
  readonly critical: number;
  /**
   * A critical alert stays critical until its score is below this limit. Default: as far below `critical` as
   * `clear` is below `raise`.
   */
  readonly keepCritical: number;
  readonly clear: number;
  /** Number of consecutive runs below `clear` that resolve the alert. */
  readonly runsToClear: number;
}

/** Creates alerts for the suppliers of highest expected impact. `keepWithin` ≥ `suppliers`. */
export interface WeeklyCapacityRule {
  readonly id: string;
  readonly suppliers: number;
  /** Minimum score of a supplier, as a multiple of the run's mean score. */
  readonly minLift: number;
  readonly keepWithin: number;
}

/** The contents of config/alert_rules.yaml. */
export interface AlertRules {
  /**
   * Number of run weeks after the week in which an alert was resolved, in which its supplier gets no new alert. 0: none.
   */
  readonly coolDownWeeks: number;
  /** Largest number of weeks from one run to the next with which both are in a row. Default 1: successive weeks. */
  readonly maxWeeksApart: number;
  /**
   * Number of consecutive runs without a score of the supplier after which an alert that nobody is working on
   * is closed. Default 4.
   */
  readonly runsToLapse: number;
  /** Default: 366 days, 366 days and 731 days. */
  readonly longestDays: LongestDays;
  readonly scoreThreshold: ScoreThresholdRule;
  readonly weeklyCapacity: WeeklyCapacityRule;
}

/** Reads config/alert_rules.yaml. @throws ConfigError with every violation */
export async function loadAlertRules(path: string): Promise<AlertRules> {
  return parseAlertRules(await readYaml(path));
}

/** Returns the rules in a parsed file. @throws ConfigError with every violation */
export function parseAlertRules(file: YamlFile): AlertRules {
  const yaml = parseWithSchema(schema, file, checkOrder);
  const { score_threshold: score, weekly_capacity: capacity } = yaml;
  return {
    coolDownWeeks: yaml.cool_down_weeks,
    maxWeeksApart: yaml.max_weeks_apart,
    runsToLapse: yaml.runs_to_lapse,
    longestDays: yaml.longest_days,
    scoreThreshold: {
      id: score.id,
      raise: score.raise,
      runsToRaise: score.runs_to_raise,
      critical: score.critical,
      keepCritical: score.keep_critical ?? defaultKeepCritical(score),
      clear: score.clear,
      runsToClear: score.runs_to_clear,
    },
    weeklyCapacity: {
      id: capacity.id,
      suppliers: capacity.suppliers,
      minLift: capacity.min_lift,
      keepWithin: capacity.keep_within,
    },
  };
}

/** The limits are decimal numbers: 0.85 − (0.7 − 0.6) must be 0.75, without the error of binary numbers. */
function defaultKeepCritical({ raise, critical, clear }: Pick<ScoreThresholdRule, "raise" | "critical" | "clear">) {
  return Math.max(clear, Number((critical - (raise - clear)).toFixed(9)));
}

/** Finds limits that contradict each other, and rules with the same id. */
function checkOrder(file: YamlFile): readonly ConfigViolation[] {
  const at = (...path: readonly string[]) => valueAt(file.value, path);
  const atMost = (rule: string, low: string, high: string): ConfigViolation[] => {
    const [a, b] = [at(rule, low), at(rule, high)];
    if (typeof a !== "number" || typeof b !== "number" || a <= b) return [];
    return [violationAt(file, [rule, low], shown(a), `at most ${high}, which is ${b}`)];
  };
  const sameId =
    at("score_threshold", "id") === at("weekly_capacity", "id") && at("weekly_capacity", "id") !== undefined;
  return [
    ...atMost("score_threshold", "clear", "raise"),
    ...atMost("score_threshold", "raise", "critical"),
    ...atMost("score_threshold", "keep_critical", "critical"),
    ...atMost("score_threshold", "clear", "keep_critical"),
    ...atMost("weekly_capacity", "suppliers", "keep_within"),
    ...(sameId
      ? [violationAt(file, ["weekly_capacity", "id"], shown(at("weekly_capacity", "id")), "an id of its own")]
      : []),
  ];
}
