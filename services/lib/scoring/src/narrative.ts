import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { featureText, numberText, reasonText } from "./reason-text.ts";
import { selectReasons } from "./reasons.ts";
import type { SupplierScore } from "./score-supplier.ts";

const NAMED = 3;

const listed = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;

/**
 * A score in sentences, from its own numbers only: the score, what increases it, what lowers it, what is missing. Each feature comes with
 * its value, unit and what is typical; effects that are small, or that contradict a declared direction, are not named.
 */
export function narrate(supplierId: string, score: SupplierScore, bundle: FeatureBundle): string[] {
  if (score.riskScore === null && score.output === null) return [`${supplierId} has too little data for a score.`];
  const { reasons } = selectReasons(score.contributions, bundle);
  const increasing = reasons.filter(({ contribution }) => contribution > 0).slice(0, NAMED);
  const lowering = reasons.filter(({ contribution }) => contribution < 0).slice(0, NAMED);
  const sentences = [
    score.riskScore === null
      ? `The model answers ${numberText(score.output ?? 0)} for ${supplierId}: it is a regressor, whose number has no risk score and no band.`
      : `${supplierId} has a risk score of ${score.riskScore.toFixed(2)} (${score.band}).`,
  ];
  if (increasing.length > 0) sentences.push(`It is increased most by ${listed(increasing.map(reasonText))}.`);
  if (lowering.length > 0) sentences.push(`It is lowered most by ${listed(lowering.map(reasonText))}.`);
  if (score.missing.length > 0) sentences.push(`Not known: ${listed(score.missing.map(featureText))}.`);
  return sentences;
}
