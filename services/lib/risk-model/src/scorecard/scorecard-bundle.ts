import type { FeatureSpec, ModelSpec } from "@bellwether/config/model-spec";
import type { ScorecardSpec, ScoredFeature } from "@bellwether/config/scorecard-spec";
import type { BundleColumn, BundleFeature, FeatureBundle } from "../bundle/feature-bundle.ts";
import { calibratedRisk } from "../calibrate/calibration.ts";
import { pointScale } from "./point-scale.ts";
import { referencePoints, referenceRow } from "./reference.ts";

/** Returns the calibrated probability of a sum of points. */
export function probabilityOfPoints({ scale }: Pick<ScorecardSpec, "scale">, points: number): number {
  const { outputPerPoint, calibration } = pointScale(scale);
  return calibratedRisk({ calibration, outputSpace: "margin" }, points * outputPerPoint);
}

/**
 * Returns the bundle of a scorecard before the golden rows. It takes all features of the model, also those without
 * points, so that a model that is trained later takes the same input.
 */
export function scorecardBundle(model: ModelSpec, scorecard: ScorecardSpec, configHash: string): FeatureBundle {
  const scored = new Map(scorecard.features.map((feature) => [feature.name, feature]));
  const features = model.features.map((spec) => bundleFeature(spec, scored.get(spec.name)));
  const columns = features.flatMap((feature): BundleColumn[] =>
    feature.kind === "numeric"
      ? [{ kind: "numeric", feature: feature.name }]
      : feature.categories.map((category) => ({ kind: "category", feature: feature.name, category })),
  );
  const { outputPerPoint, calibration } = pointScale(scorecard.scale);
  const { text } = model;
  const base = referencePoints(scorecard);
  return {
    format: "bellwether.feature-bundle/1",
    modelName: model.name,
    modelKind: "scorecard",
    configHash,
    features,
    columns,
    text: text && {
      ...{ feature: text.name, stopWords: text.stopWords },
      ...(text.de !== undefined && { de: text.de }),
      ...{ terms: [], idf: [] },
    },
    minimumPresent: model.minimumPresent,
    outputSpace: "margin",
    outputPerPoint,
    classes: { risk: model.target.riskClass, other: model.target.otherClass },
    calibration,
    bands: {
      high: probabilityOfPoints(scorecard, scorecard.bands.high),
      medium: probabilityOfPoints(scorecard, scorecard.bands.medium),
    },
    explanation: {
      kind: "interventional",
      background: `the reference of the scorecard: the range or category of each feature with the points nearest to 0, together ${base} points`,
      rows: [referenceRow(scorecard, columns)],
    },
    golden: [],
    seed: 0,
  };
}

/** A missing value reaches the trees: the scorecard has points for it. There are no training rows, so no medians. */
function bundleFeature(spec: FeatureSpec, scored: ScoredFeature | undefined): BundleFeature {
  const { name, kind, unit, range, missing, direction, immutable, wording, de, change } = spec;
  return {
    ...{ name, kind, unit, range },
    missing: missing === "refuse" ? "refuse" : "keep",
    ...{ direction, monotone: false, immutable },
    ...(wording !== undefined && { wording }),
    ...(de !== undefined && { de }),
    ...(change !== undefined && { change }),
    training: null,
    categories: scored?.kind === "category" ? scored.categories.map(({ category }) => category) : [],
    ...(scored === undefined && { unused: true }),
  };
}
