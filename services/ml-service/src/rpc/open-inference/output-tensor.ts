import { bandFromNumber } from "@bellwether/contract/band-codes";
import { nearestFirst } from "@bellwether/contract/nearest-name";
import type { InferTensorContentsSchema, ModelInferRequest } from "@bellwether/gen/inference/grpc_service_pb";
import type { BatchScores } from "@bellwether/scoring/batch/score-batch";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { modelOutputs, OUTPUTS, type OutputName, type TensorModel } from "./model-tensors.ts";
import { TensorError } from "./tensor-error.ts";

/** Values of an output tensor, in row-major order. */
export type OutputTensor = { readonly name: OutputName; readonly shape: readonly number[] } & (
  | { readonly datatype: "BYTES"; readonly values: readonly string[] }
  | { readonly datatype: "FP64" | "FP32" | "UINT16"; readonly values: Float64Array | Float32Array | Uint16Array }
);

const WITHOUT_REQUEST: readonly OutputName[] = ["score", "probabilities"];

/** Returns the names of the outputs that a request asks for. @throws TensorError */
export function requestedOutputs({ outputs }: Pick<ModelInferRequest, "outputs">, model: TensorModel): OutputName[] {
  if (outputs.length === 0) return [...WITHOUT_REQUEST];
  const known = modelOutputs(model).map(({ name }) => name);
  const names = new Set<OutputName>();
  for (const [i, { name, parameters }] of outputs.entries()) {
    const found = OUTPUTS.find((output) => output === name);
    const [parameter] = Object.keys(parameters);
    if (found === undefined || !known.includes(name)) {
      const [near = ""] = nearestFirst(name.slice(0, 80), known);
      const hint =
        found === undefined ? `did you mean "${near}"? Its outputs are` : "its model has no explanation; outputs are";
      throw new TensorError(
        `outputs[${i}].name`,
        `the model has no output "${name.slice(0, 80).toWellFormed()}"; ${hint} ${known.join(", ")}`,
      );
    }
    if (names.has(found)) throw new TensorError(`outputs[${i}].name`, `"${name}" is named twice`);
    if (parameter !== undefined)
      throw new TensorError(`outputs[${i}].parameters`, `"${parameter.slice(0, 80).toWellFormed()}" is not supported`);
    names.add(found);
  }
  return [...names];
}

/** Returns one output of a scored batch. */
export function outputTensor(name: OutputName, scores: BatchScores, model: TensorModel): OutputTensor {
  const rows = scores.riskScores.length;
  switch (name) {
    case "score":
      return { name, datatype: "FP64", shape: [rows], values: scores.riskScores };
    case "probabilities":
      return { name, datatype: "FP64", shape: [rows, 2], values: probabilities(scores.riskScores) };
    case "margin":
      return { name, datatype: "FP64", shape: [rows], values: scores.outputs };
    case "band":
      return {
        name,
        datatype: "BYTES",
        shape: [rows],
        values: Array.from(scores.bands, (band) => bandFromNumber(band) ?? ""),
      };
    case "missing_features":
      return { name, datatype: "UINT16", shape: [rows], values: scores.missingCounts };
    case "contributions": {
      const values = scores.contributions ?? new Float32Array(rows * model.vectorizer.columns);
      return { name, datatype: "FP32", shape: [rows, model.vectorizer.columns], values };
    }
    case "base_value": {
      const values = new Float64Array(rows).fill(model.explainer?.baseValue ?? Number.NaN);
      return { name, datatype: "FP64", shape: [rows], values };
    }
  }
}

/** Probabilities of no risk and of the risk, `[rows × 2]`. */
function probabilities(scores: Float64Array): Float64Array {
  const both = new Float64Array(scores.length * 2);
  for (let row = 0; row < scores.length; row++) {
    const score = scores[row] as number;
    both[2 * row] = 1 - score;
    both[2 * row + 1] = score;
  }
  return both;
}

/** Returns the description of an output, without its contents. */
export function outputToProto(tensor: OutputTensor): {
  readonly name: string;
  readonly datatype: string;
  readonly shape: bigint[];
} {
  return { name: tensor.name, datatype: tensor.datatype, shape: tensor.shape.map(BigInt) };
}

/** Returns the contents in the field of their datatype. */
export function typedContents(tensor: OutputTensor): MessageInitShape<typeof InferTensorContentsSchema> {
  switch (tensor.datatype) {
    case "FP64":
      return { fp64Contents: Array.from(tensor.values) };
    case "FP32":
      return { fp32Contents: Array.from(tensor.values) };
    case "UINT16":
      return { uintContents: Array.from(tensor.values) };
    case "BYTES":
      return { bytesContents: tensor.values.map((text) => UTF8.encode(text)) };
  }
}

const UTF8 = new TextEncoder();
const LENGTH_BYTES = 4;

/** Returns the contents as little-endian bytes; a text as its length in 4 bytes and its bytes. */
export function rawContents(tensor: OutputTensor): Uint8Array {
  if (tensor.datatype === "BYTES") return rawTexts(tensor.values);
  const { buffer, byteOffset, byteLength } = tensor.values;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Returns texts as raw contents of BYTES. */
export function rawTexts(values: readonly string[]): Uint8Array {
  const texts = values.map((text) => UTF8.encode(text));
  const raw = new Uint8Array(texts.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0));
  const view = new DataView(raw.buffer);
  let at = 0;
  for (const text of texts) {
    view.setUint32(at, text.length, true);
    raw.set(text, at + LENGTH_BYTES);
    at += LENGTH_BYTES + text.length;
  }
  return raw;
}
