import type { Estimate } from "@bellwether/drift/quality/estimate";

/**
 * The checks of the promotion gate, in the order in which a result lists them.
 * - measured: the challenger could be loaded, and scored the rows within its limits.
 * - window: there are labelled rows of enough suppliers, and the challenger was not trained on them.
 * - unscored: the challenger scores the rows that the champion scores.
 * - auc, average_precision: the ranking.
 * - brier, calibration_error: the probabilities.
 * - segments: no segment is worse outside chance.
 * - additivity: base value and contributions of the challenger add up to its output.
 * - importance: both use the features in a similar order.
 * - contract: features, kinds, categories, classes and band limits are those of the champion.
 * - latency: time of the processor for a row.
 * - alerts: share of the open alerts that would change.
 */
export const GATE_CHECKS = [
  "measured",
  "window",
  "unscored",
  "auc",
  "average_precision",
  "brier",
  "calibration_error",
  "segments",
  "additivity",
  "importance",
  "contract",
  "latency",
  "alerts",
] as const;

export type GateCheckName = (typeof GATE_CHECKS)[number];

/** passed; held: a person decides; failed: the challenger is not promoted; not_made: the check does not apply, or needs what is missing. */
export const GATE_OUTCOMES = ["passed", "held", "failed", "not_made"] as const;
export type GateOutcome = (typeof GATE_OUTCOMES)[number];

/** The result of one check. */
export interface GateCheck {
  readonly name: GateCheckName;
  readonly outcome: GateOutcome;
  /** The figure of each version. Null: the check has none. */
  readonly champion: number | null;
  readonly challenger: number | null;
  /** What is compared with the bound: for most checks challenger minus champion. Null: it cannot be measured. */
  readonly figure: number | null;
  /** 95 % interval of the figure over suppliers. Null: none. */
  readonly low: number | null;
  readonly high: number | null;
  /** The limit of the policy. Null: the check has none. */
  readonly bound: number | null;
  /** What was found, in one sentence without a full stop. */
  readonly reason: string;
}

/** PASS: every check passed. HELD: a person decides. FAIL: the challenger is not promoted. */
export const GATE_VERDICTS = ["PASS", "HELD", "FAIL"] as const;
export type GateVerdict = (typeof GATE_VERDICTS)[number];

const FIGURES = ["champion", "challenger", "figure", "low", "high", "bound"] as const;
/** Longest reason of a check, in characters. */
const MAX_REASON = 500;

/** Returns a check; figures that are left out or not finite are null, and a long reason is cut. */
export function checkOf(
  name: GateCheckName,
  outcome: GateOutcome,
  reason: string,
  given: Partial<Pick<GateCheck, (typeof FIGURES)[number]>> = {},
): GateCheck {
  const figureOf = (key: (typeof FIGURES)[number]): number | null => {
    const value = given[key] ?? null;
    return value === null || !Number.isFinite(value) ? null : value;
  };
  const [champion, challenger, figure, low, high, bound] = FIGURES.map(figureOf);
  return { name, outcome, champion, challenger, figure, low, high, bound, reason: reason.slice(0, MAX_REASON) };
}

/** Returns the verdict of all checks: the worst outcome decides. */
export function verdictOf(checks: readonly GateCheck[]): GateVerdict {
  const has = (outcome: GateOutcome): boolean => checks.some((check) => check.outcome === outcome);
  return has("failed") ? "FAIL" : has("held") ? "HELD" : "PASS";
}

/** Returns a number with its sign and four decimals. */
export const signed = (x: number): string => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(4)}`;

/** Returns an interval in words. */
export const intervalText = ({ low, high }: Pick<Estimate, "low" | "high">): string =>
  low === null || high === null ? "no interval" : `95 %: ${signed(low)} to ${signed(high)}`;
