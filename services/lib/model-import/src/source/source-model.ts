import type { BaseColumn } from "@bellwether/tree-model/onnx/ensemble/input-column";
import { type OnnxProbe, readOnnxModel } from "@bellwether/tree-model/onnx/read-onnx-model";
import { codesByNumber } from "@bellwether/tree-model/trees/category-codes";
import { float32AtMost } from "@bellwether/tree-model/trees/float32";
import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import { MAX_CATEGORIES, MAX_MODEL_BYTES } from "@bellwether/tree-model/trees/limits";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import { detectFormat, type ModelFormat, rejectOtherJson } from "./detect-format.ts";
import { readLightgbm } from "./lightgbm/read-lightgbm.ts";
import type { NativeModel } from "./native-model.ts";
import { parseJsonModel } from "./text/parse-json.ts";
import { parseUbjsonModel } from "./text/parse-ubjson.ts";
import { withoutByteOrderMark } from "./text/plain-text.ts";
import { readXgboost } from "./xgboost/read-xgboost.ts";

/** A model of another trainer in canonical form, independent of its file format. */
export interface SourceModel {
  readonly format: ModelFormat;
  /** Program that wrote the file, for example "skl2onnx". */
  readonly producer: string;
  readonly model: TreeModel;
  readonly columns: readonly BaseColumn[];
  /** Columns that hold category codes (integers). */
  readonly categorical: ReadonlySet<number>;
  /** Smallest and largest training value of each column; empty when the file has none. */
  readonly ranges: readonly (readonly [number, number] | null)[];
  /** True when the names come from the file, false when they are generated (f0, f1, …). */
  readonly hasNames: boolean;
  /**
   * Class names; null for a regressor. Two classes may share one output, which is then that of the second
   * class.
   */
  readonly classes: readonly string[] | null;
  /** The part of the file that the runtime evaluates; null when the file is not ONNX. */
  readonly probe: OnnxProbe | null;
  readonly notes: readonly string[];
}

/**
 * Returns the function that rounds a double to the float32 that a model's trees compare: down where the
 * thresholds were doubles (see `FeatureBundle.rounding`).
 */
export function rowRounding({ trees }: TreeModel): (value: number) => number {
  return trees.some((tree) => tree.exact !== undefined) ? float32AtMost : Math.fround;
}

/**
 * Reads a model file of any supported format.
 * @throws ImportRejectedError with the reason.
 */
export function readSourceModel(bytes: Uint8Array): SourceModel {
  if (bytes.length > MAX_MODEL_BYTES) {
    throw new ImportRejectedError("unsafe", `the file has ${bytes.length} bytes, at most ${MAX_MODEL_BYTES} are read`);
  }
  const content = withoutByteOrderMark(bytes);
  const source = readContent(content, detectFormat(content));
  const large = source.columns.find(({ codes }) => (codes?.values.length ?? 0) > MAX_CATEGORIES);
  if (large === undefined) return { ...source, notes: [...source.notes, ...numberedNotes(source.columns)] };
  throw new ImportRejectedError(
    "unsafe",
    `column ${large.name.slice(0, 80)} has more than ${MAX_CATEGORIES} categories`,
  );
}

/** Maximum number of categories that a note lists. */
const MAX_LISTED = 12;

/** Says of columns whose categories are numbers, and not their own codes, that a number is a category. */
function numberedNotes(columns: readonly BaseColumn[]): string[] {
  return columns.flatMap(({ name, codes }) => {
    const numbers = [...codesByNumber(codes)];
    if (numbers.every(([number, code]) => number === code)) return [];
    const listed = numbers.slice(0, MAX_LISTED).map(([number]) => String(number));
    const more = numbers.length > MAX_LISTED ? ", …" : "";
    return [
      `column ${name.slice(0, 80)}: its categories are the numbers ${listed.join(", ")}${more}; a number that is sent is a category, not a code`,
    ];
  });
}

function readContent(content: Uint8Array, format: ModelFormat): SourceModel {
  switch (format) {
    case "onnx": {
      const { model, columns, classes, producer, probe, notes } = readOnnxModel(content);
      const hasNames = columns.some((column, at) => column.name !== `f${at}`);
      return { format, producer, model, columns, categorical: new Set(), ranges: [], hasNames, classes, probe, notes };
    }
    case "xgboost-json":
      return fromXgboost(format, parseJsonModel(content));
    case "xgboost-ubjson":
      return fromXgboost(format, parseUbjsonModel(content));
    case "lightgbm-text":
      return fromNative(format, "LightGBM", readLightgbm(content));
  }
}

function fromXgboost(format: ModelFormat, parsed: unknown): SourceModel {
  rejectOtherJson(parsed);
  return fromNative(format, "XGBoost", readXgboost(parsed));
}

function fromNative(format: ModelFormat, producer: string, native: NativeModel): SourceModel {
  const { model, columnNames, categorical, codes, ranges = [], isClassifier, notes } = native;
  const columns = columnNames.map((name, at): BaseColumn => {
    const known = codes[at] ?? null;
    return { input: name, name, category: null, ...(known !== null && { codes: known }) };
  });
  const classes = isClassifier ? Array.from({ length: Math.max(2, model.outputs) }, (_, k) => String(k)) : null;
  const hasNames = columnNames.some((name, at) => name !== `f${at}` && name !== `Column_${at}`);
  return { format, producer, model, columns, categorical, ranges, hasNames, classes, probe: null, notes };
}
