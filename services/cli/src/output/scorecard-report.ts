import { countText } from "@bellwether/reasons/count-text";
import { percentText, pointsText } from "@bellwether/risk-model/scorecard/scorecard-card";
import type { ScorecardSurvey } from "@bellwether/risk-model/scorecard/survey";

/** Returns what a scorecard says about the given suppliers, in lines for people. */
export function surveyLines(survey: ScorecardSurvey): string[] {
  const { rows, rejected, tooFew, bands, meanProbability, quantiles, features } = survey;
  const scored = bands.low + bands.medium + bands.high;
  const share = (count: number): string => `${count} (${percentText(count / Math.max(1, scored))})`;
  return [
    `${countText(rows, "supplier")}: ${share(bands.high)} high, ${share(bands.medium)} medium, ${share(bands.low)} low, ${tooFew} with too few known features, ${rejected} rejected by the rules of the features`,
    ...(scored === 0
      ? ["warning: no supplier has a score"]
      : [
          `points: ${quantiles.map(({ name, points }) => `${name} ${points}`).join(", ")}; mean probability ${percentText(meanProbability)}`,
          ...features.flatMap(({ name, parts }) => [
            `${name}:`,
            ...parts.map(
              ({ label, points, suppliers }) =>
                `  ${pointsText(points).padStart(5)}  ${label.padEnd(24)} ${share(suppliers)}`,
            ),
          ]),
          ...features.flatMap(constantWarning(scored)),
        ]),
  ];
}

/** A feature with the same points for every supplier does not rank them. */
const constantWarning =
  (scored: number) =>
  ({ name, parts }: ScorecardSurvey["features"][number]): string[] => {
    const only = parts.find(({ suppliers }) => suppliers === scored);
    return only === undefined ? [] : [`warning: ${name} is ${only.label} for every supplier, so it does not rank them`];
  };

/** Returns the same as one line of JSON has it. */
export function surveyJson({ rows, rejected, tooFew, bands, meanProbability, quantiles, features }: ScorecardSurvey) {
  return {
    ...{ rows, rejected, too_few_features: tooFew, bands },
    mean_probability: Number.isNaN(meanProbability) ? null : meanProbability,
    points: Object.fromEntries(quantiles.map(({ name, points }) => [name, points])),
    features,
  };
}
