import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {
  InferenceService,
  type PredictBatchResponse,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { WarningCode } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_FEATURES, DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createMlService } from "../src/service.ts";

let root = "";
let service: Awaited<ReturnType<typeof createMlService>>;
let client: Client<typeof InferenceService>;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "predict-batch-"));
  await publishDemoModel(root);
  service = await createMlService({
    host: "127.0.0.1",
    ports: { grpc: 0, web: 0, admin: 0 },
    registryRoot: root,
    defaultModel: DEMO_SPEC.name,
    pollMs: 20,
    logger: createLogger({ name: "ml-service", level: "silent" }),
  });
  const baseUrl = `http://127.0.0.1:${service.addresses.grpc.port}`;
  client = createClient(InferenceService, createGrpcTransport({ baseUrl }));
});
afterAll(async () => {
  await service.stop();
  await rm(root, { recursive: true, force: true });
});

/**
 * Returns the demo suppliers `[first, last)` in columns, with contributions requested; every 50th supplier
 * has an impossible value.
 */
function request(first: number, last: number) {
  const ids = Array.from({ length: last - first }, (_, row) => first + row);
  const values = DEMO_FEATURES.flatMap((name) =>
    ids.map((id) => (id % 50 === 7 ? -1 : (demoSupplier(id).features[name] ?? 0))),
  );
  const dictionary = [...new Set(ids.map((id) => demoSupplier(id).categories.region))];
  return {
    supplierIds: ids.map((id) => `S_${id}`),
    featureNames: [...DEMO_FEATURES],
    values: new Uint8Array(Float32Array.from(values).buffer),
    categories: [
      { name: "region", dictionary, codes: ids.map((id) => dictionary.indexOf(demoSupplier(id).categories.region)) },
    ],
    contractTexts: ids.map((id) => demoSupplier(id).text),
    withContributions: true,
  };
}

const COLUMNS = ["riskScores", "margins", "bands", "missingCounts", "contributions"] as const;
const columnsOf = (batches: readonly PredictBatchResponse[]) =>
  Object.fromEntries(COLUMNS.map((name) => [name, Buffer.concat(batches.map((batch) => batch[name]))]));

test("a large batch, scored in threads, has the same bits and violations as small batches scored on the event loop", async () => {
  const small: PredictBatchResponse[] = [];
  for (let first = 0; first < 600; first += 15) small.push(await client.predictBatch(request(first, first + 15)));
  const large = await client.predictBatch(request(0, 600));
  expect(columnsOf([large])).toEqual(columnsOf(small));
  const violations = small.flatMap((batch, i) => batch.violations.map(({ row, reason }) => [15 * i + row, reason]));
  expect(large.violations.map(({ row, reason }) => [row, reason])).toEqual(violations);
  expect(violations).toHaveLength(12);
});

test("batches continue while the champion changes, each scored by one version", async () => {
  const before = columnsOf([await client.predictBatch(request(0, 600))]);
  const going = Array.from({ length: 8 }, () => client.predictBatch(request(0, 600)));
  const version = await publishDemoModel(root, 7);
  const answering = async () => (await client.predictBatch(request(0, 20))).model?.version;
  await vi.waitFor(async () => expect(await answering()).toBe(version), { timeout: 15_000, interval: 10 });
  const after = columnsOf([await client.predictBatch(request(0, 600))]);
  expect(after).not.toEqual(before);
  for (const batch of await Promise.all(going))
    expect(columnsOf([batch])).toEqual(batch.model?.version === version ? after : before);
});

test("a batch ends at its deadline, and the next batch is answered", async () => {
  const late = client.predictBatch(request(0, 1_500), { timeoutMs: 1 });
  expect(await late.then(() => undefined, ConnectError.from)).toMatchObject({ code: Code.DeadlineExceeded });
  expect((await client.predictBatch(request(0, 600))).bands).toHaveLength(600);
});

/** Returns the columns of a request: the name and the values of each feature. */
const columnsIn = ({ values, supplierIds }: ReturnType<typeof request>) => {
  const all = new Float32Array(values.buffer);
  return DEMO_FEATURES.map((name, i) => ({
    name,
    values: [...all.subarray(i * supplierIds.length, (i + 1) * supplierIds.length)],
  }));
};
const checksumsOf = (of: ReturnType<typeof request>) =>
  columnsIn(of).map(({ values }) =>
    values.reduce((sum, value, row) => sum + (Number.isNaN(value) ? 0 : (row + 1) * value), 0),
  );
const rejected = async (over: object) => {
  const error = ConnectError.from(await client.predictBatch({ ...request(0, 100), ...over }).catch((thrown) => thrown));
  return [error.code, error.rawMessage];
};

test("named columns, bytes with checksums, and bytes without checksums (with a warning) give the same scores", async () => {
  const bytes = request(0, 100);
  new Float32Array(bytes.values.buffer)[3] = Number.NaN;
  const { featureNames: _, values: __, ...rest } = bytes;
  const answers = await Promise.all([
    client.predictBatch(bytes),
    client.predictBatch({ ...bytes, valuesChecksums: checksumsOf(bytes) }),
    client.predictBatch({ ...rest, numbers: columnsIn(bytes) }),
  ]);
  const [first, ...others] = answers.map((answer) => columnsOf([answer]));
  for (const other of others) expect(other).toEqual(first);
  expect(answers.map(({ warnings }) => warnings.map(({ code }) => code))).toEqual([
    [WarningCode.VALUES_UNCHECKED],
    [],
    [],
  ]);
  expect(answers[0]?.missingCounts[6]).toBe(1);
});

test("a violation names the field that was sent, numbers or values", async () => {
  const bytes = request(0, 10);
  const { featureNames: _, values: __, ...rest } = bytes;
  const fields = async (batch: Parameters<typeof client.predictBatch>[0]) =>
    (await client.predictBatch(batch)).violations.map(({ row, field }) => [row, field]);
  expect(await fields(bytes)).toEqual([[7, `values.${DEMO_FEATURES[0]}`]]);
  expect(await fields({ ...rest, numbers: columnsIn(bytes) })).toEqual([[7, `numbers.${DEMO_FEATURES[0]}`]]);
});

test.each([20, 600])("a batch of %d rows has a warning with the number of unknown categories", async (rows) => {
  const bytes = { ...request(0, rows), valuesChecksums: checksumsOf(request(0, rows)) };
  const [region] = bytes.categories;
  if (region === undefined) throw new Error("no region");
  const dictionary = region.dictionary.map((name, at) => (at === 0 ? "Atlantis" : name));
  const count = region.codes.filter((code) => code === 0).length;
  const { warnings } = await client.predictBatch({ ...bytes, categories: [{ ...region, dictionary }] });
  expect(warnings).toMatchObject([
    {
      code: WarningCode.UNKNOWN_CATEGORY,
      feature: "region",
      message: `region has ${count} values that the model does not know as a category`,
    },
  ]);
});

test("row-major bytes, big-endian bytes and features in another order do not match the checksums", async () => {
  const { values, featureNames } = request(0, 100);
  const valuesChecksums = checksumsOf(request(0, 100));
  const all = new Float32Array(values.buffer);
  const rowMajor = Float32Array.from(all, (_, i) => {
    const [row, column] = [Math.floor(i / featureNames.length), i % featureNames.length];
    return all[column * 100 + row] ?? 0;
  });
  for (const over of [
    { values: new Uint8Array(rowMajor.buffer) },
    { values: new Uint8Array(Buffer.from(values).swap32()) },
    { valuesChecksums: valuesChecksums.toReversed() },
    { valuesChecksums: valuesChecksums.map((sum, i) => (i === 2 ? sum * 1.00001 : sum)) },
    { valuesChecksums: valuesChecksums.map(() => Number.NaN) },
  ])
    expect(await rejected({ valuesChecksums, ...over })).toEqual([
      Code.InvalidArgument,
      expect.stringMatching(
        /^values_checksums\[\d+\]: .* float32 little-endian, .*\(column-major\), or send numbers instead$/,
      ),
    ]);
  expect(await rejected({ valuesChecksums: [1] })).toEqual([
    Code.InvalidArgument,
    `values_checksums: 1 for ${featureNames.length} feature_names`,
  ]);
});

test("a named column with a wrong number of rows, or named twice, is rejected", async () => {
  const [column] = columnsIn(request(0, 100));
  if (!column) throw new Error("the demo has no features");
  const none = { featureNames: [], values: new Uint8Array() };
  expect(await rejected({ ...none, numbers: [{ ...column, values: [1] }] })).toEqual([
    Code.InvalidArgument,
    `numbers[0].values: 1 value of "${column.name}" for 100 suppliers`,
  ]);
  for (const over of [{ numbers: [column] }, { ...none, numbers: [column, column] }])
    expect((await rejected(over))[1]).toContain(`"${column.name}" is named twice`);
  expect((await rejected({ ...none, numbers: [{ ...column, name: "late_ration" }] }))[1]).toContain("unknown feature");
});

test.each([
  ["", "is empty; expected 1 to 128 bytes"],
  ["A\u0000B", "has a NUL character; send the id without it"],
  ["x".repeat(129), "has 129 bytes; expected 1 to 128"],
  ["ü".repeat(65), "has 130 bytes; expected 1 to 128"],
  ["x".repeat(100_000), "has 100000 bytes; expected 1 to 128"],
])("an id that a single call rejects is rejected in a batch, with its row", async (id, reason) => {
  const { supplierIds } = request(0, 100);
  expect(await rejected({ supplierIds: supplierIds.with(7, id) })).toEqual([
    Code.InvalidArgument,
    `supplier_ids[7]: ${reason}`,
  ]);
});

test("ids of 128 bytes are accepted; a text over 1 MiB of UTF-8 is rejected, whatever its characters are", async () => {
  const { supplierIds, contractTexts } = request(0, 100);
  const longest = supplierIds.with(0, "x".repeat(128)).with(1, "ü".repeat(64));
  expect((await client.predictBatch({ ...request(0, 100), supplierIds: longest })).bands).toHaveLength(100);
  expect(await rejected({ contractTexts: contractTexts.with(3, "ü".repeat(2 ** 19 + 1)) })).toEqual([
    Code.InvalidArgument,
    "contract_texts[3]: over 1 MiB",
  ]);
});
