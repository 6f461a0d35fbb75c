import { bandFromNumber } from "@bellwether/contract/band-codes";
import { BadRequestSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import type { GRPCInferenceService, ModelInferRequestSchema } from "@bellwether/gen/inference/grpc_service_pb";
import { DEMO_FEATURES, DEMO_SPEC } from "@bellwether/testing/demo-model";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  bytesOf,
  IDS,
  ROWS,
  raw,
  rawTexts,
  regions,
  shape,
  startDemoService,
  texts,
  typed,
  valuesOf,
} from "./open-inference-fixture.ts";

let started: Awaited<ReturnType<typeof startDemoService>>;
let client: Client<typeof GRPCInferenceService>;

beforeAll(async () => {
  started = await startDemoService();
  client = started.client;
});
afterAll(() => started?.[Symbol.asyncDispose]());

type Request = MessageInitShape<typeof ModelInferRequestSchema>;
async function fieldOf(request: Request): Promise<string> {
  const error = await client.modelInfer(request).then(() => undefined, ConnectError.from);
  expect(error?.code).toBe(Code.InvalidArgument);
  const [violation] = error?.findDetails(BadRequestSchema)[0]?.fieldViolations ?? [];
  return `${violation?.field}: ${violation?.description}`;
}

test("scores and contributions have the bits of PredictBatch, from typed and raw contents", async () => {
  const dictionary = [...new Set(regions)];
  const expected = await started.inference.predictBatch({
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

test("NaN is a missing value, and it is counted", async () => {
  const request = typed(["score", "missing_features"]);
  const inputs = request.inputs.map((input, i) =>
    i === 0 ? { ...input, contents: { fp64Contents: IDS.map(() => Number.NaN) } } : input,
  );
  const before = (await client.modelInfer(request)).outputs[1]?.contents?.uintContents ?? [];
  const after = (await client.modelInfer({ ...request, inputs })).outputs[1]?.contents?.uintContents ?? [];
  expect(after).toEqual(before.map((count) => count + 1));
});

test("a row with too few values has NaN as its contributions, in PredictBatch too, and the rows beside it have theirs", async () => {
  const request = raw(["margin", "contributions"]);
  const [numbers = new Uint8Array()] = request.rawInputContents;
  new Float64Array(numbers.buffer, 0, DEMO_FEATURES.length).fill(Number.NaN);
  const answer = await client.modelInfer({ ...request, inputs: request.inputs });
  const contributions = new Float32Array(Uint8Array.from(bytesOf(answer, "contributions")).buffer);
  const width = contributions.length / ROWS;
  expect(bytesOf(answer, "margin").readDoubleLE(0)).toBeNaN();
  expect(contributions.subarray(0, width).every(Number.isNaN)).toBe(true);
  expect(contributions.subarray(width).some(Number.isNaN)).toBe(false);
  const batch = { supplierIds: ["S_1"], numbers: [{ name: "past_disputes", values: [1] }], withContributions: true };
  const { contributions: bytes } = await started.inference.predictBatch(batch);
  expect(bytes).toHaveLength(4 * width);
  expect(new Float32Array(Uint8Array.from(bytes).buffer).every(Number.isNaN)).toBe(true);
});

test("each ModelInfer is an audit event with the digests of its tensors", async () => {
  const { events } = started;
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
