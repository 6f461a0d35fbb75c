import { MAX_CONTRACT_TEXT_BYTES } from "@bellwether/contract/limits";
import { nearestName } from "@bellwether/contract/nearest-name";
import { supplierIdViolation } from "@bellwether/contract/supplier-id";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import type { ColumnarInput } from "@bellwether/risk-model/features/supplier-input";
import type { InputTensor } from "./input-tensor.ts";
import { FEATURES, SUPPLIER_ID } from "./model-tensors.ts";
import { TensorError } from "./tensor-error.ts";

/** Columns of a batch, and the ids of its suppliers. */
export interface TensorColumns {
  readonly input: ColumnarInput;
  /** Empty when the request has no ids. */
  readonly supplierIds: readonly string[];
}

/**
 * Returns the columns of a batch. Every feature must have a tensor: what is left out would be scored as missing. The
 * text and the ids may be left out.
 * @throws TensorError
 */
export function columnsFromTensors(
  tensors: readonly InputTensor[],
  { features, text }: Pick<FeatureBundle, "features" | "text">,
): TensorColumns {
  const numbers = new Map<string, Float32Array | Float64Array>();
  const categories = new Map<string, (string | null)[]>();
  let texts: string[] | null = null;
  let supplierIds: readonly string[] = [];
  const numeric = features.filter(({ kind }) => kind === "numeric").map(({ name }) => name);
  for (const tensor of tensors) {
    const feature = features.find(({ name }) => name === tensor.name);
    if (feature?.kind === "numeric" && tensor.datatype === "BYTES" && feature.codes?.labels)
      categories.set(feature.name, tensor.texts().map(missingWhenEmpty));
    else if (feature?.kind === "numeric") numbers.set(feature.name, column(tensor).numbers());
    else if (feature !== undefined) categories.set(feature.name, column(tensor).texts().map(missingWhenEmpty));
    else if (tensor.name === text?.feature) texts = contractTexts(column(tensor));
    else if (tensor.name === SUPPLIER_ID) supplierIds = idsOf(column(tensor));
    else if (tensor.name === FEATURES) splitMatrix(tensor, numeric, numbers);
    else throw unknownTensor(tensor, [...features.map(({ name }) => name), FEATURES, SUPPLIER_ID]);
  }
  const missing = features.filter(({ name }) => !numbers.has(name) && !categories.has(name)).map(({ name }) => name);
  if (missing.length > 0)
    throw new TensorError(
      "inputs",
      `${missing.length === 1 ? "the feature has" : "features have"} no tensor: ${missing.slice(0, MAX_NAMED).join(", ")}${missing.length > MAX_NAMED ? ", …" : ""}; send NaN (or an empty text) for values that are missing`,
    );
  return { input: { rows: tensors[0]?.rows ?? 0, numbers, categories, texts }, supplierIds };
}

/** Maximum number of features that an error names. */
const MAX_NAMED = 20;

const missingWhenEmpty = (text: string): string | null => (text === "" ? null : text);

/** @throws TensorError for a tensor with several columns */
function column(tensor: InputTensor): InputTensor {
  if (tensor.width === 1) return tensor;
  throw new TensorError(`${tensor.path}.shape`, `"${tensor.name}" has ${tensor.width} columns; expected 1`);
}

function unknownTensor({ name, path }: InputTensor, known: readonly string[]): TensorError {
  const near = nearestName(name, known);
  return new TensorError(
    `${path}.name`,
    `the model has no input "${name.slice(0, 80).toWellFormed()}"${near ? `; did you mean "${near}"?` : "; ModelMetadata lists them"}`,
  );
}

/** Splits the matrix of all numeric features, `[rows × features]`, into columns. @throws TensorError */
function splitMatrix(
  tensor: InputTensor,
  names: readonly string[],
  into: Map<string, Float32Array | Float64Array>,
): void {
  const { path, rows, width } = tensor;
  if (width !== names.length)
    throw new TensorError(
      `${path}.shape`,
      `"${FEATURES}" has ${width} columns; the model has ${names.length} numeric features: ${names.slice(0, MAX_NAMED).join(", ")}${names.length > MAX_NAMED ? ", …" : ""}`,
    );
  const all = tensor.numbers();
  for (const [j, name] of names.entries()) {
    if (into.has(name)) throw new TensorError(`${path}.name`, `"${name}" is sent in "${FEATURES}" and by itself`);
    const values = all instanceof Float32Array ? new Float32Array(rows) : new Float64Array(rows);
    for (let row = 0; row < rows; row++) values[row] = all[row * width + j] as number;
    into.set(name, values);
  }
}

function contractTexts(tensor: InputTensor): string[] {
  const texts = tensor.texts();
  for (const [row, text] of texts.entries())
    if (text.length * 3 > MAX_CONTRACT_TEXT_BYTES && Buffer.byteLength(text) > MAX_CONTRACT_TEXT_BYTES)
      throw new TensorError(tensor.path, `element ${row} of "${tensor.name}" has more than 1 MiB`);
  return texts;
}

function idsOf(tensor: InputTensor): readonly string[] {
  const ids = tensor.texts();
  for (const [row, id] of ids.entries()) {
    const violation = supplierIdViolation(id);
    if (violation !== undefined) throw new TensorError(tensor.path, `element ${row} of "${SUPPLIER_ID}" ${violation}`);
  }
  return ids;
}
