import type { ScorecardSpec, ScoredFeature, ScoredNumber } from "@bellwether/config/scorecard-spec";
import { nextFloat32Above, nextFloat32Below } from "@bellwether/tree-model/trees/float32";
import type { Tree, TreeModel } from "@bellwether/tree-model/trees/tree-model";
import type { BundleColumn } from "../bundle/feature-bundle.ts";

/** One split: rows up to the threshold get no points, all others `points`. */
interface Stump {
  readonly column: number;
  readonly threshold: number;
  readonly points: number;
  /** Whether a missing value gets `points`. */
  readonly missingGetsPoints: boolean;
}

/**
 * Returns a scorecard as trees of one split each. A feature's first range is in the base; each boundary between two
 * ranges adds the difference of their points.
 * @param columns The model's input row.
 * @param outputPerPoint Leaves and base are points times this number.
 */
export function scorecardTrees(
  { features }: Pick<ScorecardSpec, "features">,
  columns: readonly BundleColumn[],
  outputPerPoint: number,
): TreeModel {
  const stumps = features.flatMap((feature) => stumpsOf(feature, columns)).filter(({ points }) => points !== 0);
  const base = features.reduce((sum, feature) => sum + basePoints(feature), 0);
  return {
    features: columns.length,
    outputs: 1,
    trees: stumps.map((stump) => treeOf(stump, outputPerPoint)),
    base: Float64Array.of(base * outputPerPoint),
    link: "logistic",
    hasCovers: false,
  };
}

const basePoints = (feature: ScoredFeature): number =>
  feature.kind === "numeric" ? (feature.ranges[0]?.points ?? 0) : feature.otherwise;

function stumpsOf(feature: ScoredFeature, columns: readonly BundleColumn[]): Stump[] {
  if (feature.kind === "numeric")
    return numberStumps(
      feature,
      columns.findIndex((c) => c.feature === feature.name),
    );
  const pointsOf = new Map(feature.categories.map(({ category, points }) => [category, points]));
  return [...columns.entries()].flatMap(([column, c]) => {
    if (c.kind !== "category" || c.feature !== feature.name) return [];
    const points = (pointsOf.get(c.category) ?? feature.otherwise) - feature.otherwise;
    return [{ column, threshold: 0.5, points, missingGetsPoints: false }];
  });
}

/**
 * A missing value follows one direction of each split, so the points of a missing value need a pair of splits at the
 * first boundary: a missing value gets the points of one of them, a number above the boundary those of both.
 */
function numberStumps({ ranges, missing }: ScoredNumber, column: number): Stump[] {
  const [first, ...rest] = ranges;
  if (first === undefined) return [];
  const ofMissing = missing === null ? 0 : missing - first.points;
  const steps = rest.map(({ from, points }, i) => ({ from, points: points - (ranges[i]?.points ?? 0) }));
  // The only range of a feature: the boundary is above all possible numbers.
  const above = { from: nextFloat32Above(Math.fround(first.to)), points: ofMissing };
  const [{ from, points } = above, ...further] = steps;
  const stump = (at: number, added: number, missingGetsPoints: boolean): Stump => ({
    column,
    threshold: nextFloat32Below(Math.fround(at)),
    points: added,
    missingGetsPoints,
  });
  return [
    stump(from, points - ofMissing, false),
    stump(from, ofMissing, true),
    ...further.map((step) => stump(step.from, step.points, false)),
  ];
}

function treeOf({ column, threshold, points, missingGetsPoints }: Stump, outputPerPoint: number): Tree {
  return {
    feature: Int32Array.of(column, -1, -1),
    threshold: Float32Array.of(threshold, 0, 0),
    left: Int32Array.of(1, -1, -1),
    right: Int32Array.of(2, -1, -1),
    defaultLeft: Uint8Array.of(missingGetsPoints ? 0 : 1, 0, 0),
    cover: new Float64Array(3),
    value: Float64Array.of(0, 0, points * outputPerPoint),
    members: new Map(),
  };
}
