import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { bandFromNumber } from "@bellwether/contract/band-codes";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { BadRequestSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import {
  GRPCInferenceService,
  type ModelInferRequestSchema,
  type ModelInferResponse,
} from "@bellwether/gen/inference/grpc_service_pb";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_FEATURES, DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditEvent } from "../src/domain/audit-event.ts";
import { createMlService } from "../src/service.ts";

const ROWS = 40;
const IDS = Array.from({ length: ROWS }, (_, row) => row);
const UTF8 = new TextEncoder();

let root = "";
let service: Awaited<ReturnType<typeof createMlService>>;
let client: Client<typeof GRPCInferenceService>;
let inference: Client<typeof InferenceService>;
const events: AuditEvent[] = [];

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "open-inference-"));
  await publishDemoModel(root);
  service = await createMlService({
    host: "127.0.0.1",
    ports: { grpc: 0, web: 0, admin: 0 },
    registryRoot: root,
    defaultModel: DEMO_SPEC.name,
    pollMs: 20,
    audit: { record: (event) => void events.push(event), lost: () => {}, stop: async () => {} },
    logger: createLogger({ name: "ml-service", level: "silent" }),
  });
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${service.addresses.grpc.port}` });
  client = createClient(GRPCInferenceService, transport);
  inference = createClient(InferenceService, transport);
});
afterAll(async () => {
  await service.stop();
  await rm(root, { recursive: true, force: true });
});

type Request = MessageInitShape<typeof ModelInferRequestSchema>;
const valuesOf = (name: string) => IDS.map((id) => demoSupplier(id).features[name] ?? Number.NaN);
const regions = IDS.map((id) => demoSupplier(id).categories.region ?? "");
const texts = IDS.map((id) => demoSupplier(id).text);
const shape = [BigInt(ROWS)];

/** A request with typed contents. */
const typed = (outputs: readonly string[] = []) => ({
  id: "asked",
  inputs: [
    ...DEMO_FEATURES.map((name) => ({ name, datatype: "FP64", shape, contents: { fp64Contents: valuesOf(name) } })),
    { name: "region", datatype: "BYTES", shape, contents: { bytesContents: regions.map((text) => UTF8.encode(text)) } },
    { name: "contract_text", datatype: "BYTES", shape, contents: { bytesContents: texts.map((t) => UTF8.encode(t)) } },
  ],
  outputs: outputs.map((name) => ({ name })),
});

/** Texts as raw contents: the length of each in 4 bytes, little-endian, and its bytes. */
const rawTexts = (values: readonly string[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(
    Buffer.concat(
      values.map((text) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(Buffer.byteLength(text));
        return Buffer.concat([length, Buffer.from(text)]);
      }),
    ),
  );

/** The same request with raw contents: the numbers as one matrix. */
function raw(outputs: readonly string[] = [], datatype: "FP32" | "FP64" = "FP64") {
  const columns = DEMO_FEATURES.map(valuesOf);
  const rows = IDS.flatMap((row) => columns.map((column) => column[row] ?? Number.NaN));
  const matrix = datatype === "FP32" ? Float32Array.from(rows) : Float64Array.from(rows);
  return {
    inputs: [
      { name: "features", datatype, shape: [BigInt(ROWS), BigInt(DEMO_FEATURES.length)] },
      { name: "region", datatype: "BYTES", shape: [BigInt(ROWS), 1n] },
      { name: "contract_text", datatype: "BYTES", shape },
    ],
    rawInputContents: [new Uint8Array(matrix.buffer), rawTexts(regions), rawTexts(texts)],
    outputs: outputs.map((name) => ({ name })),
  };
}

async function fieldOf(request: Request): Promise<string> {
  const error = await client.modelInfer(request).then(() => undefined, ConnectError.from);
  expect(error?.code).toBe(Code.InvalidArgument);
  const [violation] = error?.findDetails(BadRequestSchema)[0]?.fieldViolations ?? [];
  return `${violation?.field}: ${violation?.description}`;
}

/** Returns the bytes of an output of a request with raw contents. */
const bytesOf = ({ outputs, rawOutputContents }: ModelInferResponse, name: string): Buffer =>
  Buffer.from(rawOutputContents[outputs.findIndex((output) => output.name === name)] ?? []);

test("scores and contributions have the bits of PredictBatch, from typed and raw contents", async () => {
  const dictionary = [...new Set(regions)];
  const expected = await inference.predictBatch({
    supplierIds: IDS.map((id) => `S_${id}`),
    numbers: DEMO_FEATURES.map((name) => ({ name, values: valuesOf(name) })),
    categories: [{ name: "region", dictionary, codes: regions.map((region) => dictionary.indexOf(region)) }],
    contractTexts: texts,
    withContributions: true,
  });
  const answer = await client.modelInfer(raw(["score", "contributions", "base_value", "margin"], "FP32"));
  expect(bytesOf(answer, "score")).toEqual(Buffer.from(expected.riskScores));
  expect(bytesOf(answer, "margin")).toEqual(Buffer.from(expected.margins));
  expect(bytesOf(answer, "contributions")).toEqual(Buffer.from(expected.contributions));
  expect(answer.outputs.map(({ shape }) => shape)).toEqual([
    [BigInt(ROWS)],
    [BigInt(ROWS), BigInt(expected.columnNames.length)],
    [BigInt(ROWS)],
    [BigInt(ROWS)],
  ]);
  expect(bytesOf(answer, "base_value").readDoubleLE(8 * 7)).toBe(expected.baseValue);

  const fromTyped = await client.modelInfer(typed(["score", "band", "missing_features"]));
  const fromRaw = await client.modelInfer(raw(["score"]));
  const scores = fromTyped.outputs[0]?.contents?.fp64Contents ?? [];
  expect(Buffer.from(Float64Array.from(scores).buffer)).toEqual(bytesOf(fromRaw, "score"));
  const bands = fromTyped.outputs[1]?.contents?.bytesContents.map((band) => Buffer.from(band).toString());
  expect(bands).toEqual(Array.from(expected.bands, (band) => bandFromNumber(band)));
  expect(fromTyped.outputs[2]?.contents?.uintContents).toHaveLength(ROWS);
  expect(fromTyped).toMatchObject({ id: "asked", modelName: DEMO_SPEC.name, modelVersion: "1" });
});

test("a request without outputs gets score and probabilities, which add up to 1", async () => {
  const { outputs } = await client.modelInfer(typed());
  expect(outputs.map(({ name, datatype, shape }) => [name, datatype, shape])).toEqual([
    ["score", "FP64", shape],
    ["probabilities", "FP64", [BigInt(ROWS), 2n]],
  ]);
  const [score, both] = outputs.map(({ contents }) => contents?.fp64Contents ?? []);
  expect(IDS.map((row) => both?.[2 * row + 1])).toEqual(score);
  for (const row of IDS) expect((both?.[2 * row] ?? 0) + (both?.[2 * row + 1] ?? 0)).toBeCloseTo(1, 12);
});

test("the version is a number or the registry's name, and the metadata lists the tensors", async () => {
  for (const version of ["", "1", "v1", "champion"]) {
    const metadata = await client.modelMetadata({ name: DEMO_SPEC.name, version });
    expect(metadata).toMatchObject({ name: DEMO_SPEC.name, versions: ["1"], platform: "bellwether_onnx" });
    expect(metadata.inputs.map(({ name }) => name)).toEqual([
      ...DEMO_FEATURES,
      "region",
      "contract_text",
      "supplier_id",
    ]);
  }
  const { config } = await client.modelConfig({ name: DEMO_SPEC.name });
  expect(config?.input.filter(({ optional }) => optional).map(({ name }) => name)).toEqual([
    "contract_text",
    "supplier_id",
  ]);
  expect(JSON.parse(config?.parameters.features?.stringValue ?? "")).toEqual([...DEMO_FEATURES]);
  const found = await client.modelMetadata({ version: "2" }).catch(ConnectError.from);
  expect(found).toMatchObject({ code: Code.NotFound });
  expect(await client.modelMetadata({ version: "1 or 1" }).catch(ConnectError.from)).toMatchObject({
    code: Code.InvalidArgument,
  });
});

test("readiness, index and statistics say what is served", async () => {
  expect(await client.serverLive({})).toMatchObject({ live: true });
  expect(await client.serverReady({})).toMatchObject({ ready: true });
  expect(await client.serverMetadata({})).toMatchObject({ name: "bellwether" });
  const ready = async (name: string, version = "") => (await client.modelReady({ name, version })).ready;
  expect([await ready(DEMO_SPEC.name), await ready(DEMO_SPEC.name, "1"), await ready(DEMO_SPEC.name, "2")]).toEqual([
    true,
    true,
    false,
  ]);
  expect(await ready("another")).toBe(false);
  expect(await client.repositoryIndex({})).toMatchObject({
    models: [{ name: DEMO_SPEC.name, version: "1", state: "READY", reason: "" }],
  });
  const before = (await client.modelStatistics({})).modelStats[0];
  await client.modelInfer(typed());
  await client.modelInfer({ ...typed(), inputs: [] }).catch(() => undefined);
  const after = (await client.modelStatistics({ version: "1" })).modelStats[0];
  expect(after).toMatchObject({ name: DEMO_SPEC.name, version: "1" });
  expect(Number(after?.inferenceCount) - Number(before?.inferenceCount ?? 0)).toBe(ROWS);
  expect(Number(after?.executionCount) - Number(before?.executionCount ?? 0)).toBe(1);
  expect(Number(after?.inferenceStats?.fail?.count) - Number(before?.inferenceStats?.fail?.count ?? 0)).toBe(1);
});

test("every datatype of numbers is read", async () => {
  const name = DEMO_FEATURES[0] ?? "";
  const others = DEMO_FEATURES.slice(1);
  const rawOf: Readonly<Record<string, (value: number) => Buffer>> = {
    BOOL: (value) => Buffer.from([value]),
    UINT8: (value) => Buffer.from([value]),
    UINT16: (value) => Buffer.from(Uint16Array.of(value).buffer),
    UINT32: (value) => Buffer.from(Uint32Array.of(value).buffer),
    UINT64: (value) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer),
    INT8: (value) => Buffer.from(Int8Array.of(value).buffer),
    INT16: (value) => Buffer.from(Int16Array.of(value).buffer),
    INT32: (value) => Buffer.from(Int32Array.of(value).buffer),
    INT64: (value) => Buffer.from(BigInt64Array.of(BigInt(value)).buffer),
    FP16: () => Buffer.from([0x00, 0x3c]),
    FP32: (value) => Buffer.from(Float32Array.of(value).buffer),
    FP64: (value) => Buffer.from(Float64Array.of(value).buffer),
  };
  const one = (datatype: string, bytes: Buffer): Request => ({
    inputs: [
      { name, datatype, shape: [1n] },
      ...others.map((other) => ({ name: other, datatype: "FP64", shape: [1n, 1n] })),
      { name: "region", datatype: "BYTES", shape: [1n] },
    ],
    rawInputContents: [bytes, ...others.map(() => new Uint8Array(Float64Array.of(0.5).buffer)), rawTexts(["EU"])].map(
      (part) => Uint8Array.from(part),
    ),
  });
  const scores = new Set<string>();
  for (const [datatype, bytes] of Object.entries(rawOf))
    scores.add(bytesOf(await client.modelInfer(one(datatype, bytes(1))), "score").toString("hex"));
  expect(scores.size).toBe(1);
  const wrong = async (datatype: string, contents: Record<string, unknown[]>): Promise<string> => {
    const request = typed();
    return fieldOf({
      ...request,
      inputs: [{ ...request.inputs[0], datatype, contents } as never, ...request.inputs.slice(1)],
    });
  };
  const many = (value: unknown): unknown[] => IDS.map(() => value);
  expect(await wrong("FP16", { fp32Contents: many(1) })).toContain("FP16 is sent in raw_input_contents only");
  expect(await wrong("INT8", { intContents: many(128) })).toContain("element 0 is 128; INT8 has -128 to 127");
  expect(await wrong("INT64", { int64Contents: many(2n ** 53n) })).toContain("cannot be computed with exactly");
  expect(await wrong("FP32", { fp64Contents: many(1) })).toContain(
    "contents.fp64_contents: FP32 is sent in fp32_contents",
  );
});

describe("a request that is not valid names the tensor and the way out", () => {
  const change = (i: number, tensor: Record<string, unknown>): Request => {
    const request = typed();
    return {
      ...request,
      inputs: request.inputs.map((input, k) => (k === i ? ({ ...input, ...tensor } as never) : input)),
    };
  };
  const last = DEMO_FEATURES.length + 1;
  test.each<[string, () => Request, string]>([
    ["no tensor", () => ({ inputs: [] }), "inputs: the request has no tensor"],
    [
      "an unknown name",
      () => change(0, { name: "late_paymnts" }),
      'inputs[0].name: the model has no input "late_paymnts"',
    ],
    ["a datatype of another protocol", () => change(0, { datatype: "float64" }), 'inputs[0].datatype: "float64" of'],
    [
      "a number where a text belongs",
      () => change(DEMO_FEATURES.length, { datatype: "FP32", contents: { fp32Contents: IDS } }),
      "expected BYTES",
    ],
    ["a tensor that is sent twice", () => change(1, { name: DEMO_FEATURES[0] }), "inputs[1].name:"],
    ["an empty batch", () => change(0, { shape: [0n] }), "rows are 0; expected 1 to 8192"],
    ["a batch that is too large", () => change(0, { shape: [8_193n] }), "rows are 8193; expected 1 to 8192"],
    ["a negative dimension", () => change(0, { shape: [-1n] }), "rows are -1"],
    ["three dimensions", () => change(0, { shape: [1n, 1n, 1n] }), "has 3 dimensions"],
    ["too few elements", () => change(0, { contents: { fp64Contents: [1] } }), "has 1 elements; its shape has 40"],
    ["another number of rows", () => change(0, { shape: [1n], contents: { fp64Contents: [1] } }), "has 40 rows, but"],
    [
      "a feature without a tensor",
      () => ({ ...typed(), inputs: typed().inputs.slice(1) }),
      `inputs: the feature has no tensor: ${DEMO_FEATURES[0]}`,
    ],
    [
      "text that is not UTF-8",
      () => change(last, { contents: { bytesContents: IDS.map(() => new Uint8Array([0xff])) } }),
      "the bytes are not UTF-8",
    ],
    [
      "an unknown output",
      () => typed(["scores"]),
      'outputs[0].name: the model has no output "scores"; did you mean "score"?',
    ],
    ["an output twice", () => typed(["score", "score"]), 'outputs[1].name: "score" is named twice'],
    [
      "a parameter",
      () => ({ ...typed(), parameters: { sequence_id: { parameterChoice: { case: "int64Param", value: 1n } } } }),
      'parameters: "sequence_id" is not supported',
    ],
    [
      "shared memory",
      () =>
        change(0, { parameters: { shared_memory_region: { parameterChoice: { case: "stringParam", value: "x" } } } }),
      "send the contents in the request",
    ],
    [
      "both forms of contents",
      () => ({ ...typed(), rawInputContents: typed().inputs.map(() => new Uint8Array(8)) }),
      "contents in one of the two forms",
    ],
    [
      "raw contents for some inputs",
      () => ({ ...raw(), rawInputContents: [new Uint8Array(8)] }),
      "raw_input_contents: has 1 entries for 3 inputs",
    ],
    [
      "raw contents of another length",
      () => ({ ...raw(), rawInputContents: [new Uint8Array(8), rawTexts(regions), rawTexts(texts)] }),
      "raw_input_contents[0]:",
    ],
    [
      "a text that is cut",
      () => ({
        ...raw(),
        rawInputContents: [
          raw().rawInputContents[0] ?? new Uint8Array(),
          rawTexts(regions).subarray(0, 9),
          rawTexts(texts),
        ],
      }),
      "ends in element",
    ],
    [
      "an infinite number",
      () => change(0, { contents: { fp64Contents: IDS.map(() => Number.POSITIVE_INFINITY) } }),
      "inputs[0]: row 0 of",
    ],
  ])("%s", async (_, request, text) => {
    expect(await fieldOf(request())).toContain(text);
  });
});

describe("over REST", () => {
  const url = (path: string): string => `http://127.0.0.1:${service.addresses.web.port}/v2${path}`;
  const infer = async (body: unknown, headers: Record<string, string> = {}) =>
    fetch(url(`/models/${DEMO_SPEC.name}/infer`), {
      method: "POST",
      body: ArrayBuffer.isView(body) ? Uint8Array.from(body as Uint8Array) : JSON.stringify(body),
      headers,
    });
  const json = (outputs: readonly Record<string, unknown>[] = []) => ({
    id: "asked",
    model_name: DEMO_SPEC.name,
    inputs: [
      ...DEMO_FEATURES.map((name) => ({ name, datatype: "FP64", shape: [ROWS], data: valuesOf(name) })),
      { name: "region", datatype: "BYTES", shape: [ROWS, 1], data: regions.map((region) => [region]) },
      { name: "contract_text", datatype: "BYTES", shape: [ROWS], data: texts },
    ],
    outputs,
  });

  test("JSON gets the scores of gRPC", async () => {
    const response = await infer(json());
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    const answer = await response.json();
    const expected = await client.modelInfer(typed());
    expect(answer).toMatchObject({ model_name: DEMO_SPEC.name, model_version: "1", id: "asked" });
    expect(answer.outputs).toEqual([
      { name: "score", datatype: "FP64", shape: [ROWS], data: expected.outputs[0]?.contents?.fp64Contents },
      { name: "probabilities", datatype: "FP64", shape: [ROWS, 2], data: expected.outputs[1]?.contents?.fp64Contents },
    ]);
  });

  test("tensors as bytes after the JSON, in the request and in the answer", async () => {
    const contents = raw();
    const header = {
      parameters: { binary_data_output: true },
      inputs: contents.inputs.map(({ shape, ...input }, i) => ({
        ...{ ...input, shape: shape.map(Number) },
        parameters: { binary_data_size: contents.rawInputContents[i]?.length },
      })),
      outputs: [{ name: "contributions" }, { name: "band", parameters: { binary_data: false } }],
    };
    const text = UTF8.encode(JSON.stringify(header));
    const response = await infer(Buffer.concat([text, ...contents.rawInputContents]), {
      "inference-header-content-length": String(text.length),
    });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/octet-stream"]);
    const bytes = Buffer.from(await response.arrayBuffer());
    const length = Number(response.headers.get("inference-header-content-length"));
    const { outputs } = JSON.parse(bytes.subarray(0, length).toString());
    const expected = await client.modelInfer(raw(["contributions", "band"]));
    expect(bytes.subarray(length)).toEqual(bytesOf(expected, "contributions"));
    expect(outputs[0].parameters).toEqual({ binary_data_size: bytes.length - length });
    expect(outputs[1].data).toHaveLength(ROWS);
  });

  test("the other paths answer, and a model that is not ready is 404", async () => {
    const get = async (path: string) => {
      const response = await fetch(url(path));
      return [response.status, await response.json()];
    };
    expect(await get("")).toMatchObject([200, { name: "bellwether" }]);
    expect(await get("/health/live")).toEqual([200, { live: true }]);
    expect(await get("/health/ready")).toEqual([200, { ready: true }]);
    expect(await get(`/models/${DEMO_SPEC.name}`)).toMatchObject([200, { versions: ["1"] }]);
    expect(await get(`/models/${DEMO_SPEC.name}/versions/1`)).toMatchObject([200, { name: DEMO_SPEC.name }]);
    expect(await get(`/models/${DEMO_SPEC.name}/versions/1/ready`)).toMatchObject([200, { ready: true }]);
    expect(await get("/models/another/ready")).toMatchObject([404, { ready: false }]);
    expect(await get("/models/another")).toMatchObject([404, { error: expect.stringContaining("another") }]);
    expect(await get(`/models/${DEMO_SPEC.name}/config`)).toMatchObject([200, { max_batch_size: 8_192 }]);
    expect(await get(`/models/${DEMO_SPEC.name}/stats`)).toMatchObject([200, { model_stats: [{ version: "1" }] }]);
    const index = await fetch(url("/repository/index"), { method: "POST" });
    expect(await index.json()).toMatchObject([{ name: DEMO_SPEC.name, version: "1", state: "READY" }]);
  });

  test("null is a missing value of a number with a fraction", async () => {
    const request = json([{ name: "missing_features" }]);
    const inputs = request.inputs.map((input, i) => (i === 0 ? { ...input, data: IDS.map(() => null) } : input));
    const counts = async (body: unknown) => (await (await infer(body)).json()).outputs[0].data;
    const before = await counts(request);
    expect(await counts({ ...request, inputs })).toEqual(before.map((count: number) => count + 1));
  });

  const first = (changed: Record<string, unknown>) => {
    const request = json();
    return { ...request, inputs: [{ ...request.inputs[0], ...changed }, ...request.inputs.slice(1)] };
  };
  test.each<[string, () => unknown, string]>([
    ["text that is not JSON", () => UTF8.encode("{"), "the body: is not JSON"],
    ["NaN in JSON", () => UTF8.encode('{"inputs": [NaN]}'), "send null for a value that is missing"],
    ["an array", () => [], "the body: is not a JSON object"],
    [
      "another model than that of the path",
      () => ({ ...json(), model_name: "x" }),
      'model_name: is "x"; the path names',
    ],
    ["an unknown member", () => ({ ...json(), modelName: "x" }), "modelName: is not a member"],
    ["a text as a number", () => first({ data: valuesOf("a").map(() => "7") }), 'inputs[0].data[0]: is "7"'],
    [
      "a fraction as an integer",
      () => first({ datatype: "INT32", data: IDS.map(() => 0.5) }),
      "0.5 is not a value of INT32",
    ],
    [
      "an integer that is too large",
      () => first({ datatype: "UINT8", data: IDS.map(() => 256) }),
      "256 is not a value of UINT8",
    ],
    [
      "null as an integer",
      () => first({ datatype: "INT32", data: IDS.map(() => null) }),
      "INT32 has no missing values",
    ],
    ["a shape that is no list", () => first({ shape: 40 }), "inputs[0].shape: is not a JSON array"],
    ["too few elements", () => first({ data: [1] }), "has 8 bytes; 40 elements of FP64 have 320"],
    [
      "bytes that are not there",
      () => first({ data: undefined, parameters: { binary_data_size: 320 } }),
      "the body ends before",
    ],
  ])("%s is 400 with the field and the text in `error`", async (_, body, text) => {
    const response = await infer(body());
    const { error, fields } = await response.json();
    expect([response.status, error]).toEqual([400, expect.stringContaining(text)]);
    expect(fields[0].description).not.toBe("");
  });

  test("a length of the JSON beyond the body is 400", async () => {
    const response = await infer(json(), { "inference-header-content-length": "9999999" });
    expect([response.status, (await response.json()).error]).toEqual([
      400,
      expect.stringContaining("the size of the body"),
    ]);
  });
});

test("NaN is a missing value, and it is counted", async () => {
  const request = typed(["score", "missing_features"]);
  const inputs = request.inputs.map((input, i) =>
    i === 0 ? { ...input, contents: { fp64Contents: IDS.map(() => Number.NaN) } } : input,
  );
  const before = (await client.modelInfer(request)).outputs[1]?.contents?.uintContents ?? [];
  const after = (await client.modelInfer({ ...request, inputs })).outputs[1]?.contents?.uintContents ?? [];
  expect(after).toEqual(before.map((count) => count + 1));
});

test("each ModelInfer is an audit event with the digests of its tensors", async () => {
  events.length = 0;
  await client.modelInfer(raw(["score"]));
  await client.modelInfer({ inputs: [] }).catch(() => undefined);
  await client.modelMetadata({});
  expect(events).toMatchObject([
    {
      kind: "batch.served",
      payload: {
        ...{ rpc: "inference.GRPCInferenceService/ModelInfer", rows: ROWS },
        ...{
          input_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          tensors_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
        model: { name: DEMO_SPEC.name, version: "v1", model_digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    },
    { kind: "call.refused", payload: { code: "INVALID_ARGUMENT" } },
  ]);
});
