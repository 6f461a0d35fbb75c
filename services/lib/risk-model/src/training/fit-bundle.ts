import type { FeatureSpec, ModelSpec, TextSpec } from "@bellwether/config/model-spec";
import type { BundleColumn, BundleFeature, BundleText, FeatureBundle } from "../bundle/feature-bundle.ts";
import type { FeatureTable } from "../tables/feature-table.ts";
import { fitTfIdf } from "../text/tf-idf.ts";
import { ColumnMissingError } from "./training-error.ts";

/** Maximum number of values of a categorical feature that have a column of their own. */
const MAX_CATEGORIES = 32;

/** Returns only the fields of the declaration, in the order of the bundle. */
const declared = (spec: FeatureSpec): FeatureSpec => {
  const { name, kind, unit, range, missing, direction, monotone, immutable, wording, de, change } = spec;
  const rules = { name, kind, unit, range, missing, direction, monotone, immutable };
  return {
    ...rules,
    ...(wording !== undefined && { wording }),
    ...(de !== undefined && { de }),
    ...(change !== undefined && { change }),
  };
};

function fitNumber(spec: FeatureSpec, column: Float64Array, rows: Uint32Array): BundleFeature {
  const known = Float64Array.from(rows, (row) => column[row])
    .filter((value) => !Number.isNaN(value))
    .sort();
  const training =
    known.length === 0
      ? null
      : {
          min: known[0],
          max: known[known.length - 1],
          median: known[known.length >> 1],
        };
  return { ...declared(spec), training, categories: [] };
}

function fitCategories(spec: FeatureSpec, column: readonly (string | null)[], rows: Uint32Array): BundleFeature {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const value = column[row];
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const chosen = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MAX_CATEGORIES);
  return { ...declared(spec), training: null, categories: chosen.map(([category]) => category) };
}

const fitText = (spec: TextSpec, texts: readonly string[], rows: Uint32Array): BundleText =>
  fitTfIdf(
    Array.from(rows, (row) => texts[row]),
    spec,
  );

function present<Column>(column: Column | null | undefined, name: string): Column {
  if (column === null || column === undefined) throw new ColumnMissingError(name);
  return column;
}

/**
 * The parts of a bundle that depend only on the training rows. Output, calibration and golden rows are added
 * later.
 */
export type FittedInputs = Pick<FeatureBundle, "features" | "columns" | "text" | "minimumPresent">;

/**
 * Fits ranges, medians, categories and vocabulary on the training rows.
 * @throws ColumnMissingError when the table lacks a feature or the text.
 */
export function fitInputs(table: FeatureTable, rows: Uint32Array, spec: ModelSpec): FittedInputs {
  const features = spec.features.map((feature) =>
    feature.kind === "numeric"
      ? fitNumber(feature, present(table.numbers.get(feature.name), feature.name), rows)
      : fitCategories(feature, present(table.categories.get(feature.name), feature.name), rows),
  );
  const text = spec.text === null ? null : fitText(spec.text, present(table.texts, spec.text.name), rows);
  const columns = features.flatMap((feature): BundleColumn[] =>
    feature.kind === "numeric"
      ? [{ kind: "numeric", feature: feature.name }]
      : feature.categories.map((category) => ({ kind: "category", feature: feature.name, category })),
  );
  if (text !== null) for (const term of text.terms) columns.push({ kind: "term", feature: text.feature, term });
  return { features, columns, text, minimumPresent: spec.minimumPresent };
}
