import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {
  InferenceService,
  type PredictBatchResponse,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_FEATURES, DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createMlService } from "./service.ts";

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

/** Suppliers `[first, last)` of the demo in columns, with contributions; every 50th is impossible. */
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

test("a large batch, scored in threads, has the bits and faults of small ones, scored at once", async () => {
  const small: PredictBatchResponse[] = [];
  for (let first = 0; first < 600; first += 15) small.push(await client.predictBatch(request(first, first + 15)));
  const large = await client.predictBatch(request(0, 600));
  expect(columnsOf([large])).toEqual(columnsOf(small));
  const faults = small.flatMap((batch, i) => batch.faults.map(({ row, reason }) => [15 * i + row, reason]));
  expect(large.faults.map(({ row, reason }) => [row, reason])).toEqual(faults);
  expect(faults).toHaveLength(12);
});

test("batches go on over a change of champion, each by one model", async () => {
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

test("a batch whose deadline passes ends, and the next is answered", async () => {
  const late = client.predictBatch(request(0, 1_500), { timeoutMs: 15 });
  expect(await late.then(() => undefined, ConnectError.from)).toMatchObject({ code: Code.DeadlineExceeded });
  expect((await client.predictBatch(request(0, 600))).bands).toHaveLength(600);
});
