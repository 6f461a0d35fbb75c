import type { BundleColumn, BundleFeature, FeatureBundle } from "../bundle/feature-bundle.ts";
import type { FeatureTable } from "../spec/feature-table.ts";
import type { FeatureSpec, ModelSpec } from "../spec/model-spec.ts";
import { fitTfIdf } from "../text/tf-idf.ts";

/** Values of a categorical feature that get a column of their own. */
const MAX_CATEGORIES = 32;

function fitNumber(spec: FeatureSpec, column: Float64Array, rows: Uint32Array): BundleFeature {
  const present = Float64Array.from(rows, (row) => column[row] as number)
    .filter((value) => !Number.isNaN(value))
    .sort();
  const training =
    present.length === 0
      ? null
      : {
          min: present[0] as number,
          max: present[present.length - 1] as number,
          median: present[present.length >> 1] as number,
        };
  return { ...spec, training, categories: [] };
}

function fitCategories(spec: FeatureSpec, column: readonly (string | null)[], rows: Uint32Array): BundleFeature {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const value = column[row] ?? null;
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const chosen = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MAX_CATEGORIES);
  return { ...spec, training: null, categories: chosen.map(([category]) => category) };
}

/** A bundle as far as the training rows alone decide it; output, calibration and golden rows come later. */
export type FittedInputs = Pick<FeatureBundle, "features" | "columns" | "text" | "minimumPresent">;

/** Fits ranges, medians, categories and vocabulary on the training rows. */
export function fitInputs(table: FeatureTable, rows: Uint32Array, spec: ModelSpec): FittedInputs {
  const features = spec.features.map((feature) =>
    feature.kind === "numeric"
      ? fitNumber(feature, table.numbers.get(feature.name) ?? new Float64Array(table.rows).fill(Number.NaN), rows)
      : fitCategories(feature, table.categories.get(feature.name) ?? [], rows),
  );
  const texts = table.texts;
  const text =
    spec.text === null || texts === null
      ? null
      : fitTfIdf(
          Array.from(rows, (row) => texts[row] ?? ""),
          spec.text,
        );
  const columns = features.flatMap((feature): BundleColumn[] =>
    feature.kind === "numeric"
      ? [{ kind: "numeric", feature: feature.name }]
      : feature.categories.map((category) => ({ kind: "category", feature: feature.name, category })),
  );
  if (text !== null) for (const term of text.terms) columns.push({ kind: "term", feature: text.feature, term });
  return { features, columns, text, minimumPresent: spec.minimumPresent };
}
