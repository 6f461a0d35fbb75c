import type { BundleColumn, FeatureBundle } from "../bundle/feature-bundle.ts";
import { createTextWriter } from "../text/tf-idf.ts";
import type { ColumnarInput, SupplierInput } from "./supplier-input.ts";
import type { Vector, VectorBatch } from "./vector.ts";
import { createBatchVectorizer } from "./vectorize-batch.ts";
import { createSupplierVectorizer } from "./vectorize-supplier.ts";

/** Converts suppliers to the model's rows. */
export interface Vectorizer {
  readonly columns: number;
  /** Display name of each column: the feature, "feature=category" or "contract_text:term". */
  readonly columnNames: readonly string[];
  /** @param path Prefix of field paths in violations, for example "supplier". */
  vectorize(input: SupplierInput, path: string): Vector;
  /** @throws RangeError when a column does not have `rows` values. */
  vectorizeBatch(input: ColumnarInput): VectorBatch;
}

/** Returns the name that responses show for a model column. */
export function columnName(column: BundleColumn): string {
  if (column.kind === "numeric") return column.feature;
  return column.kind === "category" ? `${column.feature}=${column.category}` : `${column.feature}:${column.term}`;
}

/**
 * Creates the vectorizer of a bundle. A supplier has bit-identical values whether it is converted alone or in
 * a batch.
 */
export function createVectorizer(bundle: FeatureBundle): Vectorizer {
  const writeText = bundle.text === null ? null : createTextWriter(bundle.text);
  return {
    columns: bundle.columns.length,
    columnNames: bundle.columns.map(columnName),
    vectorize: createSupplierVectorizer(bundle, writeText),
    vectorizeBatch: createBatchVectorizer(bundle, writeText),
  };
}
