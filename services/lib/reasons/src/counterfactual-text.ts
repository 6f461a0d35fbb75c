import { countText } from "./count-text.ts";
import { featureText, listed, unitBeside, withUnit } from "./reason-text.ts";

/** The change of one feature: numbers, or the texts of categories. */
export interface ShownChange {
  readonly feature: string;
  readonly from: number | string;
  readonly to: number | string;
  readonly unit: string;
}

/** Returns a change as a clause: "lower late ratio from 0.45 to 0.3 share". Numbers have all their digits. */
export function changeText({ feature, from, to, unit: declared }: ShownChange): string {
  const unit = unitBeside(featureText(feature), declared);
  const verb = typeof from !== "number" || typeof to !== "number" ? "change" : to < from ? "lower" : "raise";
  return `${verb} ${featureText(feature)} from ${from} to ${withUnit(String(to), unit)}`;
}

/** How a search for counterfactuals ended, as far as the summary needs it. */
export interface ShownCounterfactuals {
  readonly outcome: "found" | "none-within-limits" | "not-decided" | "already-below";
  readonly undecided: keyof typeof ENDS | "stopped" | null;
  readonly targetBand: string;
  /** Band of the unchanged supplier. */
  readonly band: string;
  readonly maxChanges: number;
  /** Changes of each counterfactual, the cheapest first. */
  readonly counterfactuals: readonly { readonly changes: readonly ShownChange[] }[];
  /** Whether at least one feature may change. */
  readonly isAnyChangeable: boolean;
}

const ENDS = {
  time: "its time was used up",
  steps: "it reached its number of combinations",
  memory: "the model has too many combinations",
  "scores-differ": "the runtime computed other scores than expected",
} as const;

/** Returns the result of a search in one or two sentences. */
export function counterfactualSummary(shown: ShownCounterfactuals): string {
  const { outcome, targetBand, band, maxChanges, counterfactuals, isAnyChangeable } = shown;
  const goal = `lowers the band from ${band} to ${targetBand}`;
  const most = maxChanges === 1 ? "one feature" : countText(maxChanges, "feature");
  const first = listed((counterfactuals.at(0)?.changes ?? []).map(changeText));
  if (outcome === "already-below") return `The band is already ${band}: nothing has to change.`;
  if (outcome === "found") return `The smallest change that ${goal}: ${first}.`;
  if (outcome === "none-within-limits")
    return isAnyChangeable
      ? `No change of at most ${most} within the limits ${goal}. All combinations were examined.`
      : `No feature may change, so nothing ${goal}: each one is immutable, fixed, missing, not used by the model, or has no other allowed value.`;
  const why = shown.undecided === null || shown.undecided === "stopped" ? "it was stopped" : ENDS[shown.undecided];
  const until = first === "" ? `Until then it found no change that ${goal}.` : `A change that ${goal}: ${first}.`;
  return `The search ended before it was complete: ${why}. ${until} Smaller changes may exist.`;
}
