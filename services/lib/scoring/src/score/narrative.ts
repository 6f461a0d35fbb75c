import { featureText, listed, numberText, reasonText } from "@bellwether/reasons/reason-text";
import { selectReasons } from "@bellwether/reasons/reasons";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { describeFeatures } from "./feature-facts.ts";
import type { SupplierScore } from "./score-supplier.ts";

const NAMED = 3;

/**
 * Describes a score in sentences, from its own numbers only: the score, what increases it, what lowers it,
 * what is missing. Each feature is shown with its value, unit and typical value. Effects that are small, or
 * that contradict a declared direction, are not named.
 */
export function narrate(supplierId: string, score: SupplierScore, bundle: FeatureBundle): string[] {
  if (score.riskScore === null && score.prediction === null) return [`${supplierId} has too little data for a score.`];
  const { reasons } = selectReasons(score.contributions, describeFeatures(bundle));
  const increasing = reasons.filter(({ contribution }) => contribution > 0).slice(0, NAMED);
  const lowering = reasons.filter(({ contribution }) => contribution < 0).slice(0, NAMED);
  const sentences = [
    score.riskScore === null
      ? `The model answers ${numberText(score.prediction ?? 0)} for ${supplierId}: it is a regressor, whose number has no risk score and no band.`
      : `${supplierId} has a risk score of ${score.riskScore.toFixed(2)} (${score.band}).`,
  ];
  if (increasing.length > 0) sentences.push(`It is increased most by ${listed(increasing.map(reasonText))}.`);
  if (lowering.length > 0) sentences.push(`It is lowered most by ${listed(lowering.map(reasonText))}.`);
  if (score.missing.length > 0) sentences.push(`Not known: ${listed(score.missing.map(featureText))}.`);
  return sentences;
}
