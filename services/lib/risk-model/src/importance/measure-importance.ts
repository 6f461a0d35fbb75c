import type { BundleFeature, FeatureBundle } from "../bundle/feature-bundle.ts";
import {
  type DependencePoint,
  type FeatureImportance,
  IMPORTANCE_LIMITS,
  type Importance,
  type ImportanceRows,
  type WordImportance,
} from "./importance.ts";

/** A feature with its columns. */
interface FeatureColumns {
  readonly name: string;
  /** Null: the text. */
  readonly feature: BundleFeature | null;
  readonly columns: readonly number[];
}

/**
 * Computes the importance of each feature, and how its contribution depends on its value, from the contributions of
 * rows.
 * @param explain Returns contributions, float32 `[n × columns]`, for rows `[n × columns]`.
 * @returns Null when there are no rows, or when the bundle declares no explanation.
 */
export function measureImportance(
  bundle: FeatureBundle,
  rows: ImportanceRows,
  explain: (values: Float32Array, n: number) => Float32Array,
): Importance | null {
  const { kind } = bundle.explanation;
  if (kind === "none" || rows.count === 0) return null;
  const phi = explain(rows.values, rows.count);
  const width = bundle.columns.length;
  const measured = featureColumns(bundle).map((of) => {
    const sums = Float64Array.from({ length: rows.count }, (_, row) =>
      of.columns.reduce((sum, column) => sum + phi[row * width + column], 0),
    );
    return { of, sums, meanMagnitude: meanOf(sums, Math.abs) };
  });
  const total = measured.reduce((sum, { meanMagnitude }) => sum + meanMagnitude, 0);
  const order = measured.sort((a, b) => b.meanMagnitude - a.meanMagnitude).slice(0, IMPORTANCE_LIMITS.features);
  const valuesOf = (column: number): Float32Array =>
    Float32Array.from({ length: rows.count }, (_, row) => rows.values[row * width + column]);
  return {
    format: "bellwether.importance/1",
    rows: rows.count,
    rowsText: rows.text,
    outputSpace: bundle.explains ?? bundle.outputSpace,
    kind,
    features: order.map(({ of, sums, meanMagnitude }, rank): FeatureImportance => {
      const hasDependence = of.feature !== null && rank < IMPORTANCE_LIMITS.dependences;
      const contributionsOf = (column: number): Float64Array =>
        Float64Array.from({ length: rows.count }, (_, row) => phi[row * width + column]);
      return {
        feature: of.name,
        unit: of.feature?.unit ?? "",
        meanMagnitude,
        share: total === 0 ? 0 : meanMagnitude / total,
        dependence: hasDependence && of.feature !== null ? dependenceOf(of.feature, of.columns, sums, valuesOf) : [],
        words: of.feature === null ? wordsOf(bundle, of.columns, contributionsOf, valuesOf) : [],
      };
    }),
  };
}

function featureColumns({ features, columns, text }: FeatureBundle): FeatureColumns[] {
  const byFeature = new Map<string, number[]>();
  for (const [c, { feature }] of columns.entries()) {
    const known = byFeature.get(feature);
    if (known === undefined) byFeature.set(feature, [c]);
    else known.push(c);
  }
  const entries = [
    ...features.map((feature) => ({ name: feature.name, feature })),
    ...(text === null ? [] : [{ name: text.feature, feature: null }]),
  ];
  return entries.map((entry) => ({ ...entry, columns: byFeature.get(entry.name) ?? [] }));
}

function meanOf(values: Float64Array, of: (value: number) => number = (value) => value): number {
  let sum = 0;
  for (const value of values) sum += of(value);
  return values.length === 0 ? 0 : sum / values.length;
}

function dependenceOf(
  feature: BundleFeature,
  columns: readonly number[],
  sums: Float64Array,
  valuesOf: (column: number) => Float32Array,
): DependencePoint[] {
  const pointOf = (rows: readonly number[], range: DependencePoint["range"], category: string): DependencePoint => ({
    ...{ range, category, rows: rows.length },
    meanContribution: meanOf(Float64Array.from(rows, (row) => sums[row])),
  });
  if (feature.kind === "category") {
    const byCategory = new Map<string, number[]>();
    const values = columns.map(valuesOf);
    for (const row of sums.keys()) {
      const category = feature.categories[values.findIndex((column) => column[row] === 1)] ?? "";
      const known = byCategory.get(category);
      if (known === undefined) byCategory.set(category, [row]);
      else known.push(row);
    }
    return [...byCategory]
      .sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1))
      .slice(0, IMPORTANCE_LIMITS.categories)
      .map(([category, rows]) => pointOf(rows, null, category));
  }
  const [column] = columns;
  if (column === undefined) return [];
  const values = valuesOf(column);
  const missing = [...sums.keys()].filter((row) => Number.isNaN(values[row]));
  const ranges = quantileRanges(values).map((rows) =>
    pointOf(rows, [values[rows[0]], values[rows[rows.length - 1]]], ""),
  );
  return [...ranges, ...(missing.length === 0 ? [] : [pointOf(missing, null, "")])];
}

/** Divides the rows with a value into ranges of about equal size, ascending; equal values are in one range. */
function quantileRanges(values: Float32Array): number[][] {
  const order = [...values.keys()]
    .filter((row) => Number.isFinite(values[row]))
    .sort((a, b) => values[a] - values[b] || a - b);
  const ranges: number[][] = [];
  for (let range = 0, at = 0; range < IMPORTANCE_LIMITS.ranges && at < order.length; range++) {
    let end = Math.max(at + 1, Math.ceil(((range + 1) * order.length) / IMPORTANCE_LIMITS.ranges));
    while (end < order.length && values[order[end]] === values[order[end - 1]]) end++;
    if (range === IMPORTANCE_LIMITS.ranges - 1) end = order.length;
    ranges.push(order.slice(at, end));
    at = end;
  }
  return ranges;
}

function wordsOf(
  { columns }: FeatureBundle,
  own: readonly number[],
  contributionsOf: (column: number) => Float64Array,
  valuesOf: (column: number) => Float32Array,
): WordImportance[] {
  return own
    .map((c): WordImportance => {
      const column = columns[c];
      const phi = contributionsOf(c);
      const values = valuesOf(c);
      const having = phi.filter((_, row) => values[row] > 0);
      return {
        word: column.kind === "term" ? column.term : "",
        meanMagnitude: meanOf(phi, Math.abs),
        meanContribution: having.length === 0 ? null : meanOf(having),
      };
    })
    .sort((a, b) => b.meanMagnitude - a.meanMagnitude || (a.word < b.word ? -1 : 1))
    .slice(0, IMPORTANCE_LIMITS.words);
}
