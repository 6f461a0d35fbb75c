import type { ScorecardSpec, ScoredFeature } from "@bellwether/config/scorecard-spec";
import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import type { FeatureBundle } from "../bundle/feature-bundle.ts";
import { createVectorizer } from "../features/vectorize.ts";
import type { FeatureTable } from "../tables/feature-table.ts";
import { probabilityOfPoints } from "./scorecard-bundle.ts";

/** Rows of suppliers without labels. */
export type SurveyedTable = Pick<FeatureTable, "rows" | "supplierIds" | "numbers" | "categories" | "texts">;

/** One range, category or missing value of a feature, and how many of the scored suppliers have it. */
export interface SurveyedPart {
  /** For example "5 to 30", "EU" or "missing". */
  readonly label: string;
  readonly points: number;
  readonly suppliers: number;
}

/** What a scorecard says about rows of suppliers. */
export interface ScorecardSurvey {
  readonly rows: number;
  /** Rows that the rules of the features reject. */
  readonly rejected: number;
  /** Rows with too few known features for a score. */
  readonly tooFew: number;
  readonly bands: { readonly low: number; readonly medium: number; readonly high: number };
  /** Mean probability of the scored rows: the share of risk events that the scale expects. NaN: no row is scored. */
  readonly meanProbability: number;
  /** Points at the minimum, the quartiles, the 90th percentile and the maximum; empty when no row is scored. */
  readonly quantiles: readonly { readonly name: string; readonly points: number }[];
  readonly features: readonly { readonly name: string; readonly parts: readonly SurveyedPart[] }[];
  /** Points of each row; NaN = no score. */
  readonly points: Float64Array;
  /** The model's input rows, float32 `[rows × columns]`. */
  readonly values: Float32Array;
}

const QUANTILES = [
  ["lowest", 0],
  ["25 %", 0.25],
  ["median", 0.5],
  ["75 %", 0.75],
  ["90 %", 0.9],
  ["highest", 1],
] as const;

/** Counts what a scorecard says about rows. */
export function surveyRows(
  scorecard: ScorecardSpec,
  bundle: FeatureBundle,
  trees: TreeModel,
  table: SurveyedTable,
): ScorecardSurvey {
  const { rows, numbers, categories, texts } = table;
  const { values, violations, tooFew } = createVectorizer(bundle).vectorizeBatch({ rows, numbers, categories, texts });
  const rejected = new Set(violations.map(({ row }) => row));
  const outputs = evaluateRows(trees, values);
  const points = outputs.map((output, row) =>
    rejected.has(row) || tooFew[row] === 1 ? Number.NaN : output / (bundle.outputPerPoint ?? 1),
  );
  const scored = [...points.keys()].filter((row) => !Number.isNaN(points[row]));
  const known = Float64Array.from(scored, (row) => points[row]).sort();
  const { medium, high } = scorecard.bands;
  const count = (is: (sum: number) => boolean): number => known.reduce((sum, value) => sum + Number(is(value)), 0);
  return {
    ...{ rows, rejected: rejected.size, tooFew: rows - rejected.size - scored.length },
    bands: {
      low: count((sum) => sum < medium),
      medium: count((sum) => sum >= medium && sum < high),
      high: count((sum) => sum >= high),
    },
    meanProbability: known.reduce((sum, value) => sum + probabilityOfPoints(scorecard, value), 0) / known.length,
    quantiles:
      known.length === 0
        ? []
        : QUANTILES.map(([name, share]) => ({ name, points: known[Math.round(share * (known.length - 1))] })),
    features: scorecard.features.map((feature) => ({ name: feature.name, parts: countParts(feature, table, scored) })),
    points,
    values,
  };
}

function countParts(feature: ScoredFeature, table: SurveyedTable, scored: readonly number[]): SurveyedPart[] {
  const parts = partsOf(feature);
  const counts = new Float64Array(parts.length);
  const partAt = feature.kind === "numeric" ? numberPart(feature, table) : categoryPart(feature, table);
  for (const row of scored) counts[partAt(row)] += 1;
  return parts.map((part, i) => ({ ...part, suppliers: counts[i] }));
}

/**
 * Returns each range or category of a feature with its points. A category feature ends with "any other, or missing", a numeric
 * feature with "missing" if missing values have points.
 */
export function partsOf(feature: ScoredFeature): { readonly label: string; readonly points: number }[] {
  if (feature.kind === "category")
    return [
      ...feature.categories.map(({ category, points }) => ({ label: category, points })),
      { label: "any other, or missing", points: feature.otherwise },
    ];
  const { ranges, missing } = feature;
  const labels = ranges.map(({ from, to }, i) => {
    if (ranges.length === 1) return "any number";
    if (i === 0) return `below ${to}`;
    return i === ranges.length - 1 ? `${from} and more` : `${from} to below ${to}`;
  });
  return [
    ...ranges.map(({ points }, i) => ({ label: labels[i], points })),
    ...(missing === null ? [] : [{ label: "missing", points: missing }]),
  ];
}

/** The ends of a range are compared as float32, as the model compares them. */
function numberPart(feature: Extract<ScoredFeature, { kind: "numeric" }>, table: SurveyedTable) {
  const column = table.numbers.get(feature.name);
  const ends = feature.ranges.slice(1).map(({ from }) => Math.fround(from));
  return (row: number): number => {
    const value = Math.fround(column?.[row] ?? Number.NaN);
    if (Number.isNaN(value)) return feature.ranges.length;
    const above = ends.findLastIndex((end) => value >= end);
    return above + 1;
  };
}

function categoryPart(feature: Extract<ScoredFeature, { kind: "category" }>, table: SurveyedTable) {
  const column = table.categories.get(feature.name);
  const places = new Map(feature.categories.map(({ category }, i) => [category, i]));
  return (row: number): number => places.get(column?.[row] ?? "") ?? feature.categories.length;
}
