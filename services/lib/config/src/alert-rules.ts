import { canonicalHash } from "@bellwether/contract/canonical-json";
import { z } from "zod";
import {
  integerFrom,
  leaf,
  numberWhere,
  oneOf,
  parseWithSchema,
  shown,
  textLike,
  valueAt,
  violationAt,
} from "./check-schema.ts";
import { ConfigError, type ConfigViolation } from "./config-error.ts";
import { conflictOf, type RuleScope } from "./rule-scope.ts";
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

/** Id of a rule set that names none. */
export const DEFAULT_RULE_SET = "default";
/** Maximum number of rule sets beside the first one, and of change rules in a set. */
const MAX_SETS = 50;
const MAX_CHANGE_RULES = 10;
/** Maximum number of regions, and of categories, of a rule set. */
const MAX_SCOPE = 200;

const labels = z
  .array(
    leaf<string>(
      "a text of 1 to 256 characters",
      (value) => typeof value === "string" && value.length > 0 && value.length <= 256,
    ),
    { error: "a list of texts" },
  )
  .max(MAX_SCOPE, `at most ${MAX_SCOPE} entries`)
  .default([]);
const limitOfChange = {
  rises_above: limit.optional(),
  drops_below: limit.optional(),
  changes_by: numberWhere("a number above 0, up to 1", (v) => v > 0 && v <= 1).optional(),
};
/** The keys of `limitOfChange`: a change rule has one of them. */
const CHANGE_KINDS = ["rises_above", "drops_below", "changes_by"] as const;

const ruleSetShape = {
  id: ruleId.default(DEFAULT_RULE_SET),
  applies_to: z
    .strictObject({ regions: labels, categories: labels }, { error: "a map: regions, categories" })
    .default({ regions: [], categories: [] }),
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
  changes: z
    .array(
      z.strictObject(
        { id: ruleId, ...limitOfChange, runs_to_clear: integerFrom(1, 8).default(1) },
        { error: "a rule: id, one of rises_above, drops_below and changes_by, runs_to_clear" },
      ),
      { error: "a list of rules" },
    )
    .max(MAX_CHANGE_RULES, `at most ${MAX_CHANGE_RULES} rules`)
    .default([]),
  acceptance_expiry: oneOf(["raised", "not_cleared"]).default("raised"),
};

const ruleSetSchema = z.strictObject(ruleSetShape, { error: "a rule set: id, applies_to, and the keys of the file" });
const schema = z.strictObject({
  version: z.literal(1, { error: "1" }),
  ...ruleSetShape,
  sets: z
    .array(ruleSetSchema, { error: "a list of rule sets" })
    .max(MAX_SETS, `at most ${MAX_SETS} rule sets`)
    .default([]),
});
type RuleSetYaml = z.output<typeof ruleSetSchema>;

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

/** Creates alerts by the change of the score from the run before to the run. */
export interface ChangeRule {
  readonly id: string;
  readonly kind: (typeof CHANGE_KINDS)[number];
  /** The score that is crossed or, of `changes_by`, the smallest change in either direction. */
  readonly limit: number;
  /** Number of consecutive runs without this change that resolve the alert. Default 1: the next one. */
  readonly runsToClear: number;
}

/**
 * What opens an alert again whose risk was accepted until a date, after the date. "raised": the rule raises it as it
 * raises a new one. "not_cleared": in the first run after the date also a score with which an open alert stays open.
 */
export type AcceptanceExpiry = "raised" | "not_cleared";

/** Rules, and the suppliers to which they apply. */
export interface RuleSet {
  readonly id: string;
  readonly appliesTo: RuleScope;
  /** SHA-256 of the canonical form with defaults, lower-case hex; comments and layout do not change it. */
  readonly hash: string;
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
  readonly changes: readonly ChangeRule[];
  readonly acceptanceExpiry: AcceptanceExpiry;
}

/** The contents of config/alert_rules.yaml: a rule set, and further ones for some regions or categories. */
export interface AlertRules extends RuleSet {
  readonly sets: readonly RuleSet[];
  /** Model to whose runs alone the rules apply. Undefined: they apply to all models that have no rules of their own. */
  readonly modelName?: string;
}

/** Reads config/alert_rules.yaml. @throws ConfigError with every violation */
export async function loadAlertRules(path: string): Promise<AlertRules> {
  return parseAlertRules(await readYaml(path));
}

/** Returns the rules in a parsed file. @throws ConfigError with every violation */
export function parseAlertRules(file: YamlFile): AlertRules {
  const yaml = parseWithSchema(schema, file, checkFile);
  const sets = yaml.sets.map(ruleSetOf);
  const rules = { ...ruleSetOf(yaml), sets };
  const conflict = conflictOf(ruleSetsOf(rules));
  if (conflict !== undefined)
    throw new ConfigError([violationAt(file, sets.length > 0 ? ["sets"] : ["changes"], conflict, NO_CONFLICT)]);
  return rules;
}

const NO_CONFLICT = "one rule set for each supplier, and an id of its own for each set and rule";

/** Returns the rule sets of a file, the first one first. */
export function ruleSetsOf({ sets, modelName: _, ...first }: AlertRules): readonly RuleSet[] {
  return [first, ...sets];
}

/** Returns the ids of the rules of a set. */
export function ruleIdsOf({ scoreThreshold, weeklyCapacity, changes }: RuleSet): readonly string[] {
  return [scoreThreshold.id, weeklyCapacity.id, ...changes.map(({ id }) => id)];
}

function ruleSetOf(yaml: RuleSetYaml): RuleSet {
  const { score_threshold: score, weekly_capacity: capacity } = yaml;
  const set = {
    id: yaml.id,
    appliesTo: yaml.applies_to,
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
    changes: yaml.changes.map(changeRuleOf),
    acceptanceExpiry: yaml.acceptance_expiry,
  };
  return { ...set, hash: canonicalHash(set) };
}

function changeRuleOf({ id, runs_to_clear: runsToClear, ...limits }: RuleSetYaml["changes"][number]): ChangeRule {
  const kind = CHANGE_KINDS.find((one) => limits[one] !== undefined) ?? "changes_by";
  return { id, kind, limit: limits[kind] ?? 1, runsToClear };
}

/** The limits are decimal numbers: 0.85 − (0.7 − 0.6) must be 0.75, without the error of binary numbers. */
function defaultKeepCritical({ raise, critical, clear }: Pick<ScoreThresholdRule, "raise" | "critical" | "clear">) {
  return Math.max(clear, Number((critical - (raise - clear)).toFixed(9)));
}

function checkFile(file: YamlFile): readonly ConfigViolation[] {
  const sets = valueAt(file.value, ["sets"]);
  const others = Array.isArray(sets) ? sets.map((_, i) => ["sets", i]) : [];
  return [[], ...others].flatMap((place) => checkRuleSet(file, place));
}

/** Finds limits that contradict each other, rules with the same id, and change rules without one condition. */
function checkRuleSet(file: YamlFile, place: readonly PropertyKey[]): readonly ConfigViolation[] {
  const at = (...path: readonly PropertyKey[]) => valueAt(file.value, [...place, ...path]);
  const atMost = (rule: string, low: string, high: string): ConfigViolation[] => {
    const [a, b] = [at(rule, low), at(rule, high)];
    if (typeof a !== "number" || typeof b !== "number" || a <= b) return [];
    return [violationAt(file, [...place, rule, low], shown(a), `at most ${high}, which is ${b}`)];
  };
  const sameId =
    at("score_threshold", "id") === at("weekly_capacity", "id") && at("weekly_capacity", "id") !== undefined;
  const changes = at("changes");
  const unclear = (Array.isArray(changes) ? changes : []).flatMap((_, i) => {
    const given = CHANGE_KINDS.filter((kind) => at("changes", i, kind) !== undefined);
    const found = given.length === 0 ? "no condition" : given.join(" and ");
    const expected = "one of rises_above, drops_below and changes_by";
    return given.length === 1 ? [] : [violationAt(file, [...place, "changes", i], found, expected)];
  });
  return [
    ...atMost("score_threshold", "clear", "raise"),
    ...atMost("score_threshold", "raise", "critical"),
    ...atMost("score_threshold", "keep_critical", "critical"),
    ...atMost("score_threshold", "clear", "keep_critical"),
    ...atMost("weekly_capacity", "suppliers", "keep_within"),
    ...(sameId
      ? [violationAt(file, [...place, "weekly_capacity", "id"], shown(at("weekly_capacity", "id")), "an id of its own")]
      : []),
    ...unclear,
  ];
}
