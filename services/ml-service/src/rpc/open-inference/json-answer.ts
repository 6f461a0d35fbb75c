import type { InferParameter, ModelInferResponse } from "@bellwether/gen/inference/grpc_service_pb";
import type { RestAnswer } from "@bellwether/mesh/rest/rest-route";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { NUMBER_TYPES } from "./datatypes.ts";
import { readRawTexts } from "./input-tensor.ts";

const JSON_TYPE = "application/json";

/** Returns an answer with JSON. */
export const jsonAnswer = (json: JsonValue, status = 200): RestAnswer => ({
  ...{ status, contentType: JSON_TYPE, headers: {}, body: JSON.stringify(json) },
});

/** Returns the answer of an infer request: JSON, and after it the outputs that are wanted as bytes. */
export function inferAnswer(response: ModelInferResponse, wantsBytes: (output: string) => boolean): RestAnswer {
  const binary: Uint8Array[] = [];
  const outputs = response.outputs.map(({ name, datatype, shape }, i): JsonObject => {
    const raw = response.rawOutputContents[i] ?? new Uint8Array();
    const tensor = { name, datatype, shape: shape.map(Number) };
    if (!wantsBytes(name)) return { ...tensor, data: elementsOf(datatype, raw) };
    binary.push(raw);
    return { ...tensor, parameters: { binary_data_size: raw.byteLength } };
  });
  const parameters = Object.entries(response.parameters).map(([name, value]) => [name, parameterToJson(value)]);
  const text = JSON.stringify({
    model_name: response.modelName,
    model_version: response.modelVersion,
    ...(response.id !== "" && { id: response.id }),
    parameters: Object.fromEntries(parameters),
    outputs,
  });
  if (binary.length === 0) return { status: 200, contentType: JSON_TYPE, headers: {}, body: text };
  const header = new TextEncoder().encode(text);
  return {
    ...{ status: 200, contentType: "application/octet-stream" },
    headers: { "inference-header-content-length": String(header.byteLength) },
    body: Buffer.concat([header, ...binary]),
  };
}

/** Elements in row-major order. NaN is null. */
function elementsOf(datatype: string, raw: Uint8Array): (number | string | null)[] {
  const type = NUMBER_TYPES.get(datatype);
  if (type === undefined) return readRawTexts(raw);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: raw.byteLength / type.bytes }, (_, i) => {
    const value = Number(type.read(view, i * type.bytes));
    return Number.isNaN(value) ? null : value;
  });
}

function parameterToJson({ parameterChoice: { case: kind, value } }: InferParameter): JsonValue {
  if (kind === undefined) return null;
  return typeof value === "bigint" ? Number(value) : value;
}
