import type { Contribution } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { SupplierScore } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { TEXT_FEATURE } from "@bellwether/reasons/feature-info";
import { featureText, listed, valueWithTypical } from "@bellwether/reasons/reason-text";
import { groupReasons } from "@bellwether/reasons/select-reasons";
import { countOf } from "./format.ts";

/** One row of a waterfall or a table: a feature, or all words of the contract. */
export interface ContributionLine {
  readonly feature: string;
  readonly contribution: number;
  /** The value with unit and typical value, as "45 days (typical 10)". Empty: the run did not record them. */
  readonly seen: string;
  /** The words of the contract, largest magnitude first. Empty for other features. */
  readonly words: readonly { readonly word: string; readonly contribution: number }[];
}

/**
 * Groups all contributions into rows, largest magnitude first; all words of the contract are one row. The
 * rows have the same sum as the contributions.
 */
export function contributionLines(contributions: readonly Contribution[]): ContributionLine[] {
  const entries = contributions.map(({ feature, value, category, contribution }) => ({
    ...{ feature, category, contribution, value: value ?? null },
  }));
  const features = contributions.map(({ feature: name, unit, typical, typicalCategory }) => ({
    ...{ name, unit, typicalCategory, typical: typical ?? null },
    ...({ kind: "numeric", direction: "unknown" } as const),
  }));
  const prefix = `${TEXT_FEATURE}:`;
  const words = contributions
    .filter(({ feature }) => feature.startsWith(prefix))
    .map(({ feature, contribution }) => ({ word: feature.slice(prefix.length), contribution }))
    .toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  return groupReasons(entries, features).map((reason) => ({
    ...{ feature: reason.feature, contribution: reason.contribution, seen: valueWithTypical(reason) },
    words: reason.feature === TEXT_FEATURE ? words : [],
  }));
}

/**
 * Returns a text such as "7 of 16 features not known". Empty: all are known. Undefined: the run did not
 * record it.
 */
export function completenessText({
  featuresPresent,
  featuresTotal,
}: Pick<SupplierScore, "featuresPresent" | "featuresTotal">): string | undefined {
  if (featuresPresent === undefined || featuresTotal === undefined) return undefined;
  const missing = featuresTotal - featuresPresent;
  return missing === 0 ? "" : `${missing} of ${countOf(featuresTotal, "feature")} not known`;
}

/** Returns the sentence of `completenessText` with the features' names. */
export function missingSentence(score: SupplierScore): string {
  const text = completenessText(score);
  if (text === undefined) return "The run did not record the values of the features.";
  return text === "" ? "" : `${text}: ${listed(score.missingFeatures.map(featureText))}.`;
}
