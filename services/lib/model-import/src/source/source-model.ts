import type { BaseColumn } from "@bellwether/tree-model/onnx/ensemble/input-column";
import { type OnnxProbe, readOnnxModel } from "@bellwether/tree-model/onnx/read-onnx-model";
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

/** A foreign model in canonical form, whatever file it came from. */
export interface SourceModel {
  readonly format: ModelFormat;
  /** Who wrote it, for example "skl2onnx". */
  readonly producer: string;
  readonly model: TreeModel;
  readonly columns: readonly BaseColumn[];
  /** Columns that hold category codes: whole numbers. */
  readonly categorical: ReadonlySet<number>;
  /** Whether the names are the file's own or made up (f0, f1, …). */
  readonly hasNames: boolean;
  /** Names of the classes; null for a regressor. Two classes may share one output, which then speaks for the second. */
  readonly classes: readonly string[] | null;
  /** What to ask the runtime; null when the file is no ONNX. */
  readonly probe: OnnxProbe | null;
  readonly notes: readonly string[];
}

/** Rounds a double to the float32 that a model's trees compare: down where they were made of doubles (see `FeatureBundle.rounding`). */
export function rowRounding({ trees }: TreeModel): (value: number) => number {
  return trees.some((tree) => tree.exact !== undefined) ? float32AtMost : Math.fround;
}

/**
 * Reads a model file of any known format.
 * @throws ImportRejectedError with the reason.
 */
export function readSourceModel(bytes: Uint8Array): SourceModel {
  if (bytes.length > MAX_MODEL_BYTES) {
    throw new ImportRejectedError("unsafe", `the file has ${bytes.length} bytes, at most ${MAX_MODEL_BYTES} are read`);
  }
  const content = withoutByteOrderMark(bytes);
  const source = readContent(content, detectFormat(content));
  const large = source.columns.find(({ codes }) => (codes?.values.length ?? 0) > MAX_CATEGORIES);
  if (large === undefined) return source;
  throw new ImportRejectedError(
    "unsafe",
    `column ${large.name.slice(0, 80)} has more than ${MAX_CATEGORIES} categories`,
  );
}

function readContent(content: Uint8Array, format: ModelFormat): SourceModel {
  switch (format) {
    case "onnx": {
      const { model, columns, classes, producer, probe, notes } = readOnnxModel(content);
      const hasNames = columns.some((column, at) => column.name !== `f${at}`);
      return { format, producer, model, columns, categorical: new Set(), hasNames, classes, probe, notes };
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
  const { model, columnNames, categorical, codes, isClassifier, notes } = native;
  const columns = columnNames.map((name, at): BaseColumn => {
    const known = codes[at] ?? null;
    return { input: name, name, category: null, ...(known !== null && { codes: known }) };
  });
  const classes = isClassifier ? Array.from({ length: Math.max(2, model.outputs) }, (_, k) => String(k)) : null;
  const hasNames = columnNames.some((name, at) => name !== `f${at}` && name !== `Column_${at}`);
  return { format, producer, model, columns, categorical, hasNames, classes, probe: null, notes };
}
