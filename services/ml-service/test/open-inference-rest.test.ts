import { appendFile, cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { GRPCInferenceService } from "@bellwether/gen/inference/grpc_service_pb";
import { DEMO_FEATURES, DEMO_SPEC } from "@bellwether/testing/demo-model";
import type { Client } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  bytesOf,
  IDS,
  ROWS,
  raw,
  regions,
  startDemoService,
  texts,
  typed,
  UTF8,
  valuesOf,
} from "./open-inference-fixture.ts";

let started: Awaited<ReturnType<typeof startDemoService>>;
let client: Client<typeof GRPCInferenceService>;

beforeAll(async () => {
  started = await startDemoService();
  client = started.client;
});
afterAll(() => started?.[Symbol.asyncDispose]());

const url = (path: string): string => `http://127.0.0.1:${started.service.addresses.web.port}/v2${path}`;
const infer = async (
  body: unknown,
  headers: Record<string, string> = {},
  model: string = `/models/${DEMO_SPEC.name}`,
) =>
  fetch(url(`${model}/infer`), {
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
  ["text that is not JSON", () => UTF8.encode("{"), "the body is not JSON"],
  ["NaN in JSON", () => UTF8.encode('{"inputs": [NaN]}'), "send null for a value that is missing"],
  ["a name that is given twice", () => UTF8.encode('{"inputs": [], "inputs": []}'), '"inputs" is given twice'],
  [
    "a name that is given twice in a tensor",
    () => UTF8.encode('{"inputs": [{"name": "a", "name": "b"}]}'),
    "is given twice",
  ],
  ["half a character", () => UTF8.encode('{"id": "\\ud800"}'), "id"],
  ["an id that is too long", () => ({ ...json(), id: "x".repeat(1_025) }), "id: has 1025 characters"],
  ["an array", () => [], "the body: is not a JSON object"],
  ["another model than that of the path", () => ({ ...json(), model_name: "x" }), 'model_name: is "x"; the path names'],
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
  ["null as an integer", () => first({ datatype: "INT32", data: IDS.map(() => null) }), "INT32 has no missing values"],
  ["a shape that is no list", () => first({ shape: 40 }), "inputs[0].shape: is not a JSON array"],
  ["too few elements", () => first({ data: [1] }), "inputs[0].data: has 1 elements; the shape [40] has 40"],
  [
    "an integer that was rounded when the JSON was read",
    () =>
      UTF8.encode(
        JSON.stringify(first({ datatype: "INT64", data: IDS.map(() => 7) })).replace(":[7,", ":[9007199254740993,"),
      ),
    "inputs[0].data[0]: is beyond 9007199254740991, up to which integers can be computed with exactly",
  ],
  [
    "bytes that are not there",
    () => first({ data: undefined, parameters: { binary_data_size: 320 } }),
    "the body ends before",
  ],
])("%s is 400 with the field and the text in `error`", async (_, body, text) => {
  const response = await infer(body());
  const { error, fields } = await response.json();
  expect([response.status, error]).toEqual([400, expect.stringContaining(text)]);
  if (fields) expect(fields[0].description).not.toBe("");
});

test("a length of the JSON beyond the body is 400", async () => {
  const response = await infer(json(), { "inference-header-content-length": "9999999" });
  expect([response.status, (await response.json()).error]).toEqual([
    400,
    expect.stringContaining("the size of the body"),
  ]);
});

test("a version whose bundle was changed is not ready: 404 with the reason, also for infer", async () => {
  const versions = path.join(started.root, DEMO_SPEC.name);
  await cp(path.join(versions, "v1"), path.join(versions, "v2"), { recursive: true });
  const manifest = await readFile(path.join(versions, "v1", "manifest.json"), "utf8");
  await writeFile(path.join(versions, "v2", "manifest.json"), manifest.replace('"v1"', '"v2"'));
  await appendFile(path.join(versions, "v2", "feature_bundle.json"), " ");
  const model = `/models/${DEMO_SPEC.name}/versions/2`;
  for (const answer of [await fetch(url(model)), await fetch(url(`${model}/config`)), await infer(json(), {}, model)]) {
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      reason: "VERSION_NOT_READY",
      error: expect.stringMatching(/version v2 .* is not ready: .*feature_bundle\.json/),
    });
  }
  expect((await fetch(url(`${model}/ready`))).status).toBe(404);
});
