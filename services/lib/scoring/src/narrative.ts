import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import type { FeatureContribution } from "./feature-contributions.ts";
import type { SupplierScore } from "./score-supplier.ts";

const NAMED = 3;

const shown = (x: number): string => (Number.isInteger(x) ? String(x) : String(Number(x.toPrecision(4))));

function described(entry: FeatureContribution, bundle: FeatureBundle): string {
  const spec = bundle.features.find((feature) => feature.name === entry.feature);
  const name = entry.feature.replace(":", " term ").replaceAll("_", " ");
  if (entry.category !== "") return `${name} (${entry.category})`;
  if (spec === undefined) return name;
  return entry.value === null ? `${name} (not known)` : `${name} (${shown(entry.value)} ${spec.unit})`;
}

const listed = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;

/** Tells a score in sentences, from its own numbers only: the score, what raises it, what lowers it, what is missing. */
export function narrate(supplierId: string, score: SupplierScore, bundle: FeatureBundle): string[] {
  if (score.riskScore === null && score.output === null) return [`${supplierId} has too little data for a score.`];
  const raising = score.contributions.filter((entry) => entry.contribution > 0).slice(0, NAMED);
  const lowering = score.contributions.filter((entry) => entry.contribution < 0).slice(0, NAMED);
  const sentences = [
    score.riskScore === null
      ? `The model answers ${shown(score.output ?? 0)} for ${supplierId}: it is a regressor, whose number has no risk score and no band.`
      : `${supplierId} has a risk score of ${score.riskScore.toFixed(2)} (${score.band}).`,
  ];
  if (raising.length > 0)
    sentences.push(`It is raised most by ${listed(raising.map((entry) => described(entry, bundle)))}.`);
  if (lowering.length > 0)
    sentences.push(`It is lowered most by ${listed(lowering.map((entry) => described(entry, bundle)))}.`);
  if (score.missing.length > 0)
    sentences.push(`Not known: ${listed(score.missing.map((name) => name.replaceAll("_", " ")))}.`);
  return sentences;
}
