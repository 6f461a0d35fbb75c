import {
  type GateCheck,
  GateCheckOutcome,
  type GateResult,
  GateVerdict,
} from "@bellwether/gen/bellwether/registry/v1/promotion_gate_pb";
import type { Tone } from "../parts/badges.tsx";
import { signedText, valueText } from "../parts/format.ts";

/** A verdict or an outcome in words, with the colour of its badge. */
export interface GateWord {
  readonly text: string;
  readonly tone: Tone;
}

const VERDICTS: Readonly<Record<number, GateWord>> = {
  [GateVerdict.PASS]: { text: "Passed", tone: "calm" },
  [GateVerdict.HELD]: { text: "Held: a person decides", tone: "careful" },
  [GateVerdict.FAIL]: { text: "Failed", tone: "urgent" },
};
const OUTCOMES: Readonly<Record<number, GateWord>> = {
  [GateCheckOutcome.PASSED]: { text: "passed", tone: "calm" },
  [GateCheckOutcome.HELD]: { text: "held", tone: "careful" },
  [GateCheckOutcome.FAILED]: { text: "failed", tone: "urgent" },
  [GateCheckOutcome.NOT_MADE]: { text: "not made", tone: "quiet" },
};
const unknown = (value: number): GateWord => ({ text: `unknown (${value})`, tone: "quiet" });

export const verdictWord = (verdict: GateVerdict): GateWord => VERDICTS[verdict] ?? unknown(verdict);
export const outcomeWord = (outcome: GateCheckOutcome): GateWord => OUTCOMES[outcome] ?? unknown(outcome);

/** The claim of each check, as docs/promotion.md has it. */
const TITLES: Readonly<Record<string, string>> = {
  measured: "Both versions have scored the rows",
  window: "Enough labelled rows, not trained on",
  unscored: "Rows without a score",
  auc: "Ranks better: AUC",
  average_precision: "Not worse: average precision",
  brier: "Not worse: Brier score",
  calibration_error: "Not worse: calibration error",
  segments: "Worse in no segment",
  additivity: "Contributions add up",
  importance: "Uses the features in a similar order",
  contract: "Same features, classes and bands",
  latency: "CPU time of a row, ms",
  alerts: "Open alerts that would change",
};

/** Returns the claim of a check. A check of a later release has its name. */
export const checkTitle = (name: string): string => TITLES[name] ?? name.replaceAll("_", " ");

/** Checks whose figure is the difference of both versions. */
const DIFFERENCES: ReadonlySet<string> = new Set(["auc", "average_precision", "brier", "calibration_error"]);
/** Digits of a difference of the quality. */
const DIGITS = 4;

/** Returns the figure of a version. Undefined: a dash. */
export const ownText = (value: number | undefined): string => (value === undefined ? "–" : valueText(value));

/** Returns the figure of a check with its interval and the bound of the policy. */
export function figureText({ name, figure, low, high, bound }: GateCheck): string {
  if (figure === undefined) return "–";
  const text = (value: number): string => (DIFFERENCES.has(name) ? signedText(value, DIGITS) : valueText(value));
  const interval = low === undefined || high === undefined ? "" : ` (${text(low)} to ${text(high)})`;
  return `${text(figure)}${interval}${bound === undefined ? "" : `, bound ${text(bound)}`}`;
}

/**
 * Returns why a result can no longer be approved. Undefined: it can be approved.
 * @param champion the present champion
 */
export function whyNotApproved({ verdict, champion: compared }: GateResult, champion: string): string | undefined {
  if (verdict === GateVerdict.FAIL) return "The challenger has failed the gate.";
  if (compared !== champion)
    return `The result is about the champion ${compared}, which is now ${champion || "no version"}: run the gate again.`;
  return undefined;
}
