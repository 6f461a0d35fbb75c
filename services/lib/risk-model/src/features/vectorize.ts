import type { BundleColumn, FeatureBundle } from "../bundle/feature-bundle.ts";
import { createTextWriter } from "../text/tf-idf.ts";
import { createBatchVectorizer } from "./vectorize-batch.ts";
import { createSupplierVectorizer } from "./vectorize-supplier.ts";

/** Why a supplier cannot be scored; `field` is a path such as "supplier.features.late_ratio". */
export interface Fault {
  readonly field: string;
  readonly reason:
    | "FEATURE_UNKNOWN"
    | "FEATURE_NOT_FINITE"
    | "FEATURE_OUT_OF_RANGE"
    | "FEATURE_WRONG_KIND"
    | "FEATURE_REQUIRED";
  readonly message: string;
}

/** What to know about a score that is no fault. */
export interface VectorWarning {
  readonly code: "OUTSIDE_TRAINING_RANGE" | "UNKNOWN_CATEGORY" | "TOO_FEW_FEATURES";
  /** Empty when it concerns the whole supplier. */
  readonly feature: string;
  readonly message: string;
}

/** A supplier as a caller sends it. */
export interface SupplierInput {
  readonly features: Readonly<Record<string, number>>;
  /** A numeric feature may stand here too, as text. */
  readonly categories: Readonly<Record<string, string>>;
  readonly text: string;
}

/** One supplier as the model sees it. */
export interface Vector {
  /** float32 `[columns]`; meaningless when there are faults. */
  readonly row: Float32Array;
  /** The numbers that were given, those in texts too. */
  readonly features: Readonly<Record<string, number>>;
  /** Features that are not known, in the model's order; the text last. */
  readonly missing: readonly string[];
  readonly warnings: readonly VectorWarning[];
  /** False: fewer features than `minimumPresent`, so no score is made up. */
  readonly enough: boolean;
  readonly faults: readonly Fault[];
}

/** Many suppliers in columns; NaN and null are missing, names not given are missing for all. */
export interface ColumnarInput {
  readonly rows: number;
  readonly numbers: ReadonlyMap<string, Float32Array | Float64Array>;
  readonly categories: ReadonlyMap<string, readonly (string | null)[]>;
  readonly texts: readonly string[] | null;
}

/** Many suppliers as the model sees them. */
export interface VectorBatch {
  /** float32 `[rows × columns]`, row-major; rows with faults are all NaN. */
  readonly values: Float32Array;
  /** Missing features per row, text apart. */
  readonly missingCounts: Uint16Array;
  /** 1: too few features for a score. */
  readonly tooFew: Uint8Array;
  /** First fault of each bad row, in rising order of rows. */
  readonly faults: readonly (Fault & { readonly row: number })[];
}

/** Turns suppliers into the model's rows. */
export interface Vectorizer {
  readonly columns: number;
  /** Names for people and responses: the feature, "feature=category", "contract_text:term". */
  readonly columnNames: readonly string[];
  /** @param path Prefix of field paths in faults, for example "supplier". */
  vectorize(input: SupplierInput, path: string): Vector;
  /** @throws RangeError a column has not `rows` values. */
  vectorizeBatch(input: ColumnarInput): VectorBatch;
}

/** Name of a column in responses. */
export function columnName(column: BundleColumn): string {
  if (column.kind === "numeric") return column.feature;
  return column.kind === "category" ? `${column.feature}=${column.category}` : `${column.feature}:${column.term}`;
}

/** A vectorizer for one bundle. Single rows and batches give the same bits. */
export function createVectorizer(bundle: FeatureBundle): Vectorizer {
  const writeText = bundle.text === null ? null : createTextWriter(bundle.text);
  return {
    columns: bundle.columns.length,
    columnNames: bundle.columns.map(columnName),
    vectorize: createSupplierVectorizer(bundle, writeText),
    vectorizeBatch: createBatchVectorizer(bundle, writeText),
  };
}
