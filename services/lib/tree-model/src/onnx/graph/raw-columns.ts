import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import { MAX_FEATURES } from "../../trees/limits.ts";
import { TREE_OPERATORS } from "../ensemble/ensemble.ts";
import type { BaseColumn, InputColumn } from "../ensemble/input-column.ts";
import { floatAttribute, floatsOf, integerAttribute, integersOf, textsOf } from "../file/attributes.ts";
import type { OnnxFile, OnnxNode, OnnxValue } from "../file/onnx-file.ts";
import { ELEMENT } from "../file/tensor.ts";
import { type Flow, notFollowed } from "./flow.ts";

const NUMBERS: ReadonlySet<number> = new Set([ELEMENT.float, ELEMENT.double, ELEMENT.int64]);

type TextFlow = Extract<Flow, { kind: "text" }>;

/** The raw columns of a model, in the order in which they are found in the graph. */
export interface RawColumns {
  readonly list: BaseColumn[];
  /** Element type of each numeric tensor that holds raw columns, by tensor name. */
  readonly elementTypes: Map<string, number>;
}

/** Returns the role of a graph input. A numeric input adds its columns to `raw`. */
export function inputFlow(file: OnnxFile, input: OnnxValue, raw: RawColumns): Flow {
  if (input.kind === "map") return { kind: "map" };
  if (input.kind !== "tensor") return notFollowed(`input ${input.name} is neither a tensor nor a map`);
  if (input.elementType === ELEMENT.string) {
    return {
      kind: "text",
      input: input.name,
      name: input.name,
      width: input.shape.length < 2 ? 1 : (input.shape[1] ?? 1),
    };
  }
  if (!NUMBERS.has(input.elementType)) return notFollowed(`input ${input.name} has element type ${input.elementType}`);
  const width = input.shape.length < 2 ? 1 : (input.shape[1] ?? widthByUse(file, input.name));
  const prefix = file.inputs.length === 1 ? "f" : `${input.name}_`;
  const names = Array.from({ length: checkedWidth(width, raw) }, (_, c) =>
    width === 1 ? input.name : `${prefix}${c}`,
  );
  return numericColumns(input.name, input.elementType, names, raw);
}

/**
 * Follows DictVectorizer, which converts a map to one column per key; the value is 0 where the key is absent.
 * Its output is treated as an input of the model.
 */
export function dictionaryFlow(node: OnnxNode, raw: RawColumns): Flow {
  const keys = [...integersOf(node, "int64_vocabulary").map(String), ...textsOf(node, "string_vocabulary")];
  checkedWidth(keys.length, raw);
  return numericColumns(node.outputs[0] ?? "", ELEMENT.float, keys, raw);
}

/** Follows OneHotEncoder, which converts a text input to one 0/1 column per category. */
export function indicatorFlow(node: OnnxNode, { input, name, width }: TextFlow, raw: RawColumns): Flow {
  if (width !== 1) return notFollowed(`OneHotEncoder reads ${width} texts of ${name} at once`);
  const categories = textsOf(node, "cats_strings");
  if (categories.length === 0) return notFollowed("OneHotEncoder encodes numbers, not texts");
  checkedWidth(categories.length, raw);
  const columns = categories.map((category): InputColumn => {
    const known = raw.list.findIndex((column) => column.input === input && column.category === category);
    if (known >= 0) return { base: known, map: null, rising: true };
    raw.list.push({ input, name, category });
    return { base: raw.list.length - 1, map: null, rising: true };
  });
  return { kind: "columns", columns, elementType: ELEMENT.float };
}

/**
 * Follows LabelEncoder, which converts a text input to one column of codes. A text that the encoder does not
 * list has the default code: −1 (−0 as a float) unless the file sets another.
 */
export function codeFlow(node: OnnxNode, { input, name, width }: TextFlow, raw: RawColumns): Flow {
  if (width !== 1) return notFollowed(`LabelEncoder reads ${width} texts of ${name} at once`);
  const labels = textsOf(node, "keys_strings");
  const integers = integersOf(node, "values_int64s");
  const values = integers.length > 0 ? integers : floatsOf(node, "values_floats");
  if (labels.length === 0 || values.length !== labels.length || !values.every(Number.isFinite)) {
    return notFollowed(`LabelEncoder of the text input ${name} does not list a number for each text`);
  }
  checkedWidth(1, raw);
  const isWhole = integers.length > 0;
  const other = isWhole ? integerAttribute(node, "default_int64", -1) : floatAttribute(node, "default_float", -0);
  const codes = { values: values.map(Math.fround), labels, other: Number.isNaN(other) ? null : Math.fround(other) };
  if (raw.list.some((column) => column.input === input)) return notFollowed(`the text input ${name} is encoded twice`);
  raw.list.push({ input, name, category: null, codes });
  const columns = [{ base: raw.list.length - 1, map: null, rising: true }];
  return { kind: "columns", columns, elementType: isWhole ? ELEMENT.int64 : ELEMENT.float };
}

function numericColumns(input: string, elementType: number, names: readonly string[], raw: RawColumns): Flow {
  raw.elementTypes.set(input, elementType);
  const columns = names.map((name): InputColumn => {
    raw.list.push({ input, name, category: null });
    return { base: raw.list.length - 1, map: null, rising: true };
  });
  return { kind: "columns", columns, elementType };
}

/**
 * Returns the number of columns of an input whose shape does not state it: the maximum number of columns that
 * an operator reads from the input.
 */
function widthByUse(file: OnnxFile, input: string): number {
  let width = 0;
  for (const node of file.nodes) {
    if (!node.inputs.includes(input)) continue;
    if (TREE_OPERATORS.has(node.opType)) {
      for (const id of integersOf(node, "nodes_featureids")) width = Math.max(width, id + 1);
    } else if (node.opType === "Scaler" || node.opType === "Imputer") {
      for (const name of ["offset", "imputed_value_floats"]) width = Math.max(width, floatsOf(node, name).length);
    }
  }
  if (width === 0) throw new ImportRejectedError("unsupported", `input ${input} does not say how many columns it has`);
  return width;
}

function checkedWidth(width: number, raw: RawColumns): number {
  const total = raw.list.length + width;
  if (Number.isInteger(width) && width >= 1 && total <= MAX_FEATURES) return width;
  throw new ImportRejectedError("unsafe", `the model has ${total} columns, 1 to ${MAX_FEATURES} are served`);
}
