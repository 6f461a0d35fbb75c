import type { BundleColumn, BundleFeature, FeatureBundle } from "../bundle/feature-bundle.ts";
import { createTextWriter } from "../text/tf-idf.ts";
import { nearestName } from "./nearest-name.ts";

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
  readonly categories: Readonly<Record<string, string>>;
  readonly text: string;
}

/** One supplier as the model sees it. */
export interface Vector {
  /** float32 `[columns]`; meaningless when there are faults. */
  readonly row: Float32Array;
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
  vectorizeBatch(input: ColumnarInput): VectorBatch;
}

/** Name of a column in responses. */
export function columnName(column: BundleColumn): string {
  if (column.kind === "numeric") return column.feature;
  return column.kind === "category" ? `${column.feature}=${column.category}` : `${column.feature}:${column.term}`;
}

interface Slot {
  readonly feature: BundleFeature;
  /** First column of the feature. */
  readonly column: number;
  readonly categories: ReadonlyMap<string, number>;
}

function layOut(bundle: FeatureBundle): { slots: Map<string, Slot>; textColumn: number } {
  const slots = new Map<string, Slot>();
  let column = 0;
  for (const feature of bundle.features) {
    slots.set(feature.name, { feature, column, categories: new Map(feature.categories.map((c, i) => [c, i])) });
    column += feature.kind === "numeric" ? 1 : feature.categories.length;
  }
  return { slots, textColumn: column };
}

const fault = (field: string, reason: Fault["reason"], message: string): Fault => ({ field, reason, message });

/** What is wrong with a present number, or undefined. */
function numberFault(feature: BundleFeature, value: number, field: string): Fault | undefined {
  if (!Number.isFinite(value) || !Number.isFinite(Math.fround(value))) {
    return fault(
      field,
      "FEATURE_NOT_FINITE",
      `${feature.name} is ${value}; send a finite number, or leave it out when it is not known`,
    );
  }
  const range = feature.range;
  if (range !== null && (value < range[0] || value > range[1])) {
    return fault(
      field,
      "FEATURE_OUT_OF_RANGE",
      `${feature.name} is ${value}; possible are ${range[0]} to ${range[1]} ${feature.unit}`,
    );
  }
  return undefined;
}

const requiredFault = (feature: BundleFeature, field: string): Fault =>
  fault(field, "FEATURE_REQUIRED", `${feature.name} is missing and this model refuses suppliers without it`);

/** Value that stands for a missing number. */
const filler = (feature: BundleFeature): number =>
  feature.missing === "median" ? (feature.training?.median ?? Number.NaN) : Number.NaN;

/** A vectorizer for one bundle. Single rows and batches give the same bits. */
export function createVectorizer(bundle: FeatureBundle): Vectorizer {
  const { slots, textColumn } = layOut(bundle);
  const names = [...slots.keys()];
  const columns = bundle.columns.length;
  const writeText = bundle.text === null ? null : createTextWriter(bundle.text);
  const least = Math.ceil(bundle.minimumPresent * slots.size);

  const unknownFault = (name: string, field: string): Fault => {
    const near = nearestName(name, names);
    const shown = name.slice(0, 80);
    return fault(
      field,
      "FEATURE_UNKNOWN",
      `unknown feature "${shown}"${near ? `; did you mean "${near}"?` : `; known are ${names.join(", ")}`}`,
    );
  };

  const checkNames = (given: readonly string[], kind: BundleFeature["kind"], path: string, faults: Fault[]): void => {
    for (const name of given) {
      const slot = slots.get(name);
      const field = `${path}.${name.slice(0, 80)}`;
      if (slot === undefined) faults.push(unknownFault(name, field));
      else if (slot.feature.kind !== kind) {
        faults.push(
          fault(
            field,
            "FEATURE_WRONG_KIND",
            `${name} is a ${slot.feature.kind === "numeric" ? "number" : "category"}; send it in ${kind === "numeric" ? "categories" : "features"}`,
          ),
        );
      }
    }
  };

  const vectorize = (input: SupplierInput, path: string): Vector => {
    const row = new Float32Array(columns);
    const faults: Fault[] = [];
    const missing: string[] = [];
    const warnings: VectorWarning[] = [];
    checkNames(Object.keys(input.features), "numeric", `${path}.features`, faults);
    checkNames(Object.keys(input.categories), "category", `${path}.categories`, faults);
    for (const { feature, column, categories } of slots.values()) {
      const name = feature.name;
      const field = `${path}.${feature.kind === "numeric" ? "features" : "categories"}.${name}`;
      if (feature.kind === "numeric") {
        const value = Object.hasOwn(input.features, name) ? input.features[name] : undefined;
        if (value === undefined) {
          missing.push(name);
          if (feature.missing === "refuse") faults.push(requiredFault(feature, field));
          row[column] = filler(feature);
          continue;
        }
        const wrong = numberFault(feature, value, field);
        if (wrong !== undefined) faults.push(wrong);
        else if (feature.training !== null && (value < feature.training.min || value > feature.training.max)) {
          const { min, max } = feature.training;
          warnings.push({
            code: "OUTSIDE_TRAINING_RANGE",
            feature: name,
            message: `${name} is ${value}; training saw ${min} to ${max}`,
          });
        }
        row[column] = value;
        continue;
      }
      const value = Object.hasOwn(input.categories, name) ? input.categories[name] : undefined;
      const code = value === undefined ? undefined : categories.get(value);
      if (code !== undefined) row[column + code] = 1;
      else {
        if (value !== undefined) {
          warnings.push({
            code: "UNKNOWN_CATEGORY",
            feature: name,
            message: `${name} "${value.slice(0, 80)}" was not seen in training and counts as missing`,
          });
        }
        missing.push(name);
        if (feature.missing === "refuse" && value === undefined) faults.push(requiredFault(feature, field));
      }
    }
    const enough = slots.size - missing.length >= least;
    if (!enough) {
      warnings.push({
        code: "TOO_FEW_FEATURES",
        feature: "",
        message: `${slots.size - missing.length} of ${slots.size} features are known; a score needs ${least}`,
      });
    }
    if (bundle.text !== null && writeText !== null) {
      if (input.text === "") missing.push(bundle.text.feature);
      writeText(input.text, row, textColumn);
    }
    return { row, missing, warnings, enough, faults };
  };

  const vectorizeBatch = (input: ColumnarInput): VectorBatch => {
    const n = input.rows;
    const values = new Float32Array(n * columns);
    const missingCounts = new Uint16Array(n);
    const firstFault = new Map<number, Fault>();
    const blame = (row: number, wrong: Fault): void => {
      if (!firstFault.has(row)) firstFault.set(row, wrong);
    };
    for (const { feature, column, categories } of slots.values()) {
      const field = `${feature.kind === "numeric" ? "values" : "categories"}.${feature.name}`;
      const refuses = feature.missing === "refuse";
      if (feature.kind === "numeric") {
        const given = input.numbers.get(feature.name);
        const fill = filler(feature);
        for (let r = 0; r < n; r++) {
          const value = given === undefined ? Number.NaN : (given[r] as number);
          if (Number.isNaN(value)) {
            missingCounts[r] = (missingCounts[r] as number) + 1;
            if (refuses) blame(r, requiredFault(feature, field));
            values[r * columns + column] = fill;
            continue;
          }
          const wrong = numberFault(feature, value, field);
          if (wrong !== undefined) blame(r, wrong);
          values[r * columns + column] = value;
        }
        continue;
      }
      const given = input.categories.get(feature.name);
      for (let r = 0; r < n; r++) {
        const value = given?.[r] ?? null;
        const code = value === null ? undefined : categories.get(value);
        if (code !== undefined) values[r * columns + column + code] = 1;
        else {
          missingCounts[r] = (missingCounts[r] as number) + 1;
          if (refuses && value === null) blame(r, requiredFault(feature, field));
        }
      }
    }
    const tooFew = new Uint8Array(n);
    for (let r = 0; r < n; r++) {
      tooFew[r] = slots.size - (missingCounts[r] as number) < least ? 1 : 0;
      if (writeText !== null) writeText(input.texts?.[r] ?? "", values, r * columns + textColumn);
    }
    const faults = [...firstFault].sort((a, b) => a[0] - b[0]).map(([row, wrong]) => ({ ...wrong, row }));
    for (const { row } of faults) values.fill(Number.NaN, row * columns, (row + 1) * columns);
    return { values, missingCounts, tooFew, faults };
  };

  return { columns, columnNames: bundle.columns.map(columnName), vectorize, vectorizeBatch };
}
