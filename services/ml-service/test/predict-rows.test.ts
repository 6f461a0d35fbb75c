import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMlService } from "../src/service.ts";

let root = "";
let service: Awaited<ReturnType<typeof createMlService>>;
let web = "";

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "ml-rows-"));
  await publishDemoModel(root);
  service = await createMlService({
    ...{ host: "127.0.0.1", ports: { grpc: 0, web: 0, admin: 0 }, registryRoot: root },
    ...{ defaultModel: DEMO_SPEC.name, pollMs: 20, logger: createLogger({ name: "ml-service", level: "silent" }) },
  });
  web = `http://127.0.0.1:${service.addresses.web.port}`;
});
afterAll(async () => {
  await service.stop();
  await rm(root, { recursive: true, force: true });
});

const flat = (i: number) => {
  const { features, categories, text } = demoSupplier(i);
  return { supplier_id: `S_${i}`, ...features, ...categories, contract_text: text };
};
async function post(path: string, body: string, type = "application/json") {
  const answer = await fetch(`${web}${path}`, { method: "POST", body, headers: { "content-type": type } });
  return { status: answer.status, json: await answer.json() };
}

test("rows are scored as POST /predict scores one, from an array and from lines", async () => {
  const rows = [flat(1), flat(2), flat(3)];
  const single = await Promise.all(rows.map(async (row) => (await post("/predict", JSON.stringify(row))).json));
  const scores = single.map(({ prediction_id: _id, ...score }, index) => ({ index, ...score }));
  const expected = { scores, rejected: [], model_version: "v1" };
  expect(await post("/predict/batch", JSON.stringify(rows))).toEqual({ status: 200, json: expected });
  const lines = rows.map((row) => JSON.stringify(row)).join("\n");
  expect(await post("/predict/batch", lines, "application/x-ndjson")).toEqual({ status: 200, json: expected });
});

test("bad rows are named by index and field, and the good ones are scored", async () => {
  const lines = [
    JSON.stringify(flat(1)),
    "{",
    JSON.stringify({ ...flat(2), no_such_feature: 1 }),
    JSON.stringify({ late_ratio: 1 }),
    JSON.stringify({ ...flat(3), supplier_id: " " }),
    JSON.stringify(flat(4)),
  ];
  const { status, json } = await post("/predict/batch", lines.join("\n"), "application/x-ndjson");
  expect([status, json.scores.map(({ index }: { index: number }) => index)]).toEqual([200, [0, 5]]);
  expect(json.rejected).toMatchObject([
    { index: 1, supplier_id: "", reason: "MALFORMED_JSON", fields: [] },
    { index: 2, supplier_id: "S_2", reason: "FEATURE_UNKNOWN", fields: [{ field: "no_such_feature" }] },
    { index: 3, supplier_id: "", reason: "SUPPLIER_ID", fields: [{ field: "supplier_id" }] },
    { index: 4, supplier_id: " ", reason: "SUPPLIER_ID", fields: [{ field: "supplier_id" }] },
  ]);
});

test.each([
  ["{}", "is not an array"],
  ["[", "the body has no rows"],
  ["[]", "has no rows"],
  [JSON.stringify(Array.from({ length: 1_001 }, () => ({ supplier_id: "A" }))), "1001 rows; at most 1000"],
])("the body %.20s is a problem that says what to send", async (body, expected) => {
  const { status, json } = await post("/predict/batch", body);
  expect([status, json.detail]).toEqual([400, expect.stringContaining(expected)]);
});

test("over gRPC, each row is scored or rejected; none at all is an empty answer", async () => {
  const client = createClient(
    InferenceService,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${service.addresses.grpc.port}` }),
  );
  const supplier = (i: number) => {
    const { features, categories, text } = demoSupplier(i);
    return { supplierId: `S_${i}`, features, categories, contractText: text };
  };
  const bad = { ...supplier(2), features: { late_ratio: Number.NaN } };
  const answer = await client.predictRows({ suppliers: [supplier(1), bad, supplier(3)], topContributions: 1 });
  expect(answer.scored.map(({ row, score }) => [row, score?.supplierId, score?.topContributions.length])).toEqual([
    ...[
      [0, "S_1", 1],
      [2, "S_3", 1],
    ],
  ]);
  expect(answer.rejected.map(({ row, fields }) => [row, fields[0]?.field])).toEqual([
    [1, "suppliers[1].features.late_ratio"],
  ]);
  expect((await client.predictRows({})).scored).toEqual([]);
});
