import type { Contribution } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { SupplierScore } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { TEXT_FEATURE } from "@bellwether/reasons/feature-info";
import { featureText, unitBeside } from "@bellwether/reasons/reason-text";
import { countOf, readerLocales, valueText } from "./format.ts";
import { pointsOf } from "./score-points.ts";

/** One feature, or all words of the contract, with its effect on a score this week and last week. */
export interface ReasonLine {
  readonly feature: string;
  /** The value with its unit. Empty: not known. */
  readonly value: string;
  readonly previousValue: string;
  readonly typical: string;
  /** The effect in percentage points, or in the model's own unit. Positive: it increases the risk. */
  readonly points: number;
  /** Undefined: last week's effect is not known. */
  readonly previousPoints: number | undefined;
  /** Whether the effects are percentage points. */
  readonly isInPoints: boolean;
}

type Scored = Pick<SupplierScore, "contributions" | "outputSpace"> & {
  readonly riskScore?: number | undefined;
  readonly change?: number | undefined;
};

/** Returns the effects of all features on a score, largest magnitude first; all words of the contract are one. */
export function reasonLines(score: Scored, locales = readerLocales()): ReasonLine[] {
  const { riskScore, change, outputSpace } = score;
  const previousScore = riskScore === undefined || change === undefined ? undefined : riskScore - change;
  const points = (contribution: number, at: number | undefined): number | undefined =>
    at === undefined ? undefined : pointsOf(contribution, at, outputSpace);
  const isInPoints = points(0, riskScore) !== undefined;
  return grouped(score.contributions)
    .map((one) => {
      const unit = unitBeside(featureText(one.feature), one.unit);
      const withUnit = (value: number | undefined, category: string): string =>
        value === undefined ? category : `${valueText(value, locales)}${unit && ` ${unit}`}`;
      const before = one.previousContribution;
      return {
        feature: one.feature,
        value: withUnit(one.value, one.category),
        previousValue: withUnit(one.previousValue, one.previousCategory),
        typical: withUnit(one.typical, one.typicalCategory),
        points: points(one.contribution, riskScore) ?? one.contribution,
        previousPoints: before === undefined ? undefined : isInPoints ? points(before, previousScore) : before,
        isInPoints,
      };
    })
    .toSorted((a, b) => Math.abs(b.points) - Math.abs(a.points));
}

type Grouped = Pick<
  Contribution,
  "feature" | "contribution" | "unit" | "category" | "typicalCategory" | "previousCategory"
> & {
  readonly value?: number | undefined;
  readonly typical?: number | undefined;
  readonly previousValue?: number | undefined;
  readonly previousContribution?: number | undefined;
};

/** Replaces the words of the contract by their sum. */
function grouped(contributions: readonly Contribution[]): Grouped[] {
  const isWord = ({ feature }: Contribution): boolean => feature.startsWith(`${TEXT_FEATURE}:`);
  const words = contributions.filter(isWord);
  const others = contributions.filter((one) => !isWord(one));
  if (words.length === 0) return others;
  const before = words.flatMap(({ previousContribution }) => previousContribution ?? []);
  const text: Grouped = {
    feature: TEXT_FEATURE,
    contribution: words.reduce((sum, { contribution }) => sum + contribution, 0),
    ...{ unit: "", category: countOf(words.length, "word") },
    ...{ typicalCategory: "", previousCategory: "" },
    ...(before.length > 0 && { previousContribution: before.reduce((sum, one) => sum + one, 0) }),
  };
  return [...others, text];
}
