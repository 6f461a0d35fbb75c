import type { ModelSpec } from "@bellwether/config/model-spec";
import type { ScorecardSpec, ScoredFeature } from "@bellwether/config/scorecard-spec";
import { canonicalHash } from "@bellwether/contract/canonical-json";
import { countText } from "@bellwether/reasons/count-text";
import type { FeatureBundle } from "../bundle/feature-bundle.ts";
import { referenceOf, referencePoints } from "./reference.ts";
import { probabilityOfPoints } from "./scorecard-bundle.ts";
import { partsOf, type ScorecardSurvey } from "./survey.ts";

/** Content of the model card of a scorecard. */
export interface ScorecardCard {
  readonly model: ModelSpec;
  readonly scorecard: ScorecardSpec;
  readonly bundle: FeatureBundle;
  /** Null: no rows were given. */
  readonly survey: ScorecardSurvey | null;
}

/** Returns a probability in per cent with three significant digits. */
export const percentText = (probability: number): string => `${Number((100 * probability).toPrecision(3))} %`;

/** Returns a number of points with its sign: "+15", "−3", "0". */
export const pointsText = (points: number): string => (points > 0 ? `+${points}` : points < 0 ? `−${-points}` : "0");

/** Writes the model card of a scorecard in Markdown: the points, the scale, and what is a judgement. */
export function renderScorecardCard({ model, scorecard, bundle, survey }: ScorecardCard): string {
  return `# Model card: ${bundle.modelName}

A scorecard: people chose its points. It was not trained and is not evaluated here. It ranks suppliers before there are outcomes to learn from.

## Intended use
For ranking suppliers and opening a conversation; a person decides. Replace it when a model that was trained on outcomes is better on the same rows.

## Scale
${scaleLines(scorecard).join("\n")}

The scale is a judgement, as the points are: no probability was compared with outcomes.

## Points
| feature | range or category | points |
|---|---|---|
${scorecard.features.flatMap(pointRows).join("\n")}

Ranges include their lower end. ${scorecard.unused.length === 0 ? "Every feature has points." : `Without points: ${scorecard.unused.map((name) => `\`${name}\``).join(", ")}.`}

## Explanation
Contributions compare a supplier with a reference supplier, which has the range or category of each feature with the points nearest to 0${referenceLine(scorecard)}. A contribution divided by ${bundle.outputPerPoint} is a whole number of points; base value and contributions add up to the supplier's points exactly.

## Suppliers
${surveyLines(survey).join("\n")}

## Limits
- Points add up: a scorecard knows no interaction of two features.
- A supplier needs ${percentText(model.minimumPresent)} of the features with points for a score.
- Configuration: \`${bundle.configHash}\`; points, scale and bands: \`${canonicalHash(scorecard)}\`.
`;
}

/** Returns the scale and the bands of a scorecard in lines of a Markdown list. */
export function scaleLines(scorecard: ScorecardSpec): string[] {
  const { scale, bands } = scorecard;
  const at = (points: number): string => percentText(probabilityOfPoints(scorecard, points));
  return [
    `- ${countText(scale.points, "point")} are a probability of ${percentText(scale.probability)}; ${countText(scale.pointsToDoubleTheOdds, "more point doubles", "more points double")} the odds.`,
    `- Bands: medium from ${countText(bands.medium, "point")} (${at(bands.medium)}), high from ${countText(bands.high, "point")} (${at(bands.high)}).`,
    `- Possible: ${smallest(scorecard)} to ${countText(largest(scorecard), "point")} (${at(smallest(scorecard))} to ${at(largest(scorecard))}).`,
  ];
}

const sumOver = ({ features }: ScorecardSpec, choose: (...points: number[]) => number): number =>
  features.reduce((sum, feature) => sum + choose(...partsOf(feature).map(({ points }) => points)), 0);
const smallest = (scorecard: ScorecardSpec): number => sumOver(scorecard, Math.min);
const largest = (scorecard: ScorecardSpec): number => sumOver(scorecard, Math.max);

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");

const pointRows = (feature: ScoredFeature): string[] =>
  partsOf(feature).map(({ label, points }) => `| \`${feature.name}\` | ${cell(label)} | ${pointsText(points)} |`);

/** Names the features whose reference has points: these points are in the base value. */
function referenceLine(scorecard: ScorecardSpec): string {
  const withPoints = scorecard.features.filter((feature) => referenceOf(feature).points !== 0);
  if (withPoints.length === 0) return ", 0 in this scorecard";
  const names = withPoints.map((feature) => `\`${feature.name}\` ${pointsText(referenceOf(feature).points)}`);
  return `: ${countText(referencePoints(scorecard), "point")} (${names.join(", ")})`;
}

function surveyLines(survey: ScorecardSurvey | null): string[] {
  if (survey === null)
    return [
      "No rows were given, so weekly runs are compared only with the week before. Publish with --input to compare them with the suppliers of today.",
    ];
  const { rows, rejected, tooFew, bands, meanProbability, quantiles } = survey;
  return [
    `${countText(rows, "supplier")} at publication: ${bands.high} high, ${bands.medium} medium, ${bands.low} low, ${tooFew} with too few known features, ${rejected} rejected. Weekly runs are compared with their distributions.`,
    ...(quantiles.length === 0
      ? []
      : [
          "",
          `Points: ${quantiles.map(({ name, points }) => `${name} ${points}`).join(", ")}. Mean probability ${percentText(meanProbability)}: if a much larger or smaller share of suppliers is expected to become \`high\`, change the scale.`,
        ]),
  ];
}
