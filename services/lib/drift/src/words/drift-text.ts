import { sigmaText } from "@bellwether/reasons/sigma-text";
import type { DriftComparison } from "../compare/compare-week.ts";

/** Which week the previous one was, and whether categories may be named. */
export interface DriftTextOptions {
  /** ISO week of the previous week. Empty: not known. */
  readonly previousWeek: string;
  /** False in texts that are logged: a category is a value of the data. */
  readonly namesCategories: boolean;
}

const OUTCOMES: Readonly<Record<DriftComparison["outcome"], string>> = {
  alarm: " (alarm)",
  none: "",
  "too-few": " (too few rows to test)",
  moving: " (moves by construction)",
};

/** Says a comparison in one sentence without a full stop, for example "delay_days rose by 0.21 σ since training (alarm)". */
export function driftText(comparison: DriftComparison, options: DriftTextOptions): string {
  const { reference, outcome } = comparison;
  const since = reference === "training" ? "training" : options.previousWeek || "the previous week";
  return `${changeText(comparison, options)} since ${since}${OUTCOMES[outcome]}`;
}

function changeText(comparison: DriftComparison, { namesCategories }: DriftTextOptions): string {
  const { feature, kind, aspect, effect, shift, category, referenceValue, presentValue } = comparison;
  const name = kind === "score" ? "the risk score" : feature;
  const shares = `from ${percent(referenceValue)} to ${percent(presentValue)}`;
  if (aspect === "missing")
    return presentValue === referenceValue
      ? `${name} is missing as often (${percent(presentValue)})`
      : `the share of missing values of ${name} ${verb(shift)} ${shares}`;
  if (kind === "category") {
    const value =
      namesCategories && category ? JSON.stringify(category) : category === "" ? "rare categories" : "a category";
    return effect === 0 ? `${name} has not changed` : `${name}: ${value} ${verb(shift)} ${shares}`;
  }
  if (effect < 0.005) return `${name} has not changed`;
  if (Math.abs(shift) >= effect / 2) return `${name} ${verb(shift)} by ${sigmaText(Math.abs(shift))}`;
  return `the distribution of ${name} changed by ${sigmaText(effect)} without a common direction`;
}

const verb = (shift: number): string => (shift < 0 ? "fell" : "rose");

function percent(share: number): string {
  const rounded = Math.round(share * 1000) / 10;
  return `${rounded === 0 && share > 0 ? "less than 0.1" : rounded} %`;
}
