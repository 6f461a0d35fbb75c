import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { ListSuppliersRequestSchema } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { pageTokens } from "@bellwether/mesh/call/page-token";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failureOf, type OpsHarness, runWeek, startOps } from "./ops-harness.ts";

let cluster: PostgresServer;
let ops: OpsHarness;

const crowd = Array.from({ length: 17 }, (_, i) => ({ id: `c${i}`, score: 0.1 + i / 100, exposure: 10 }));

beforeAll(async () => {
  cluster = await usePostgres();
  ops = await startOps(await cluster.createDatabase());
  await runWeek(ops, "2026-W01", [
    { id: "s/1", score: 0.2, exposure: 1000 },
    { id: "gone", score: 0.8 },
  ]);
  await runWeek(ops, "2026-W02", [
    { id: "s/1", score: 0.9, exposure: 2000 },
    { id: "s2", score: 0.5, exposure: Number.NaN },
    { id: "thin" },
    ...crowd,
  ]);
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

test("GetSupplier returns the latest score, all contributions and the history", async () => {
  const { supplier, history } = await ops.suppliers.getSupplier({ supplierId: "s/1" });
  expect(supplier).toMatchObject({
    supplierId: "s/1",
    name: "Name of s/1",
    region: "EU",
    exposure: 2000,
    activeAlerts: 1,
  });
  expect(supplier?.latestScore).toMatchObject({ isoWeek: "2026-W02", riskScore: 0.9, band: Band.HIGH, impact: 1800 });
  expect(supplier?.latestScore?.change).toBeCloseTo(0.7, 6);
  expect(supplier?.latestScore?.contributions.map(({ feature, contribution }) => [feature, contribution])).toEqual([
    ["late_ratio", Math.fround(0.9)],
    ["spend", -0.5],
    ["age", 0.25],
  ]);
  expect(supplier?.latestScore?.model).toMatchObject({ name: "supplier-risk", version: "v1" });
  expect(history.map(({ isoWeek, riskScore, change }) => [isoWeek, riskScore, change])).toEqual([
    ["2026-W02", 0.9, expect.closeTo(0.7, 6)],
    ["2026-W01", 0.2, undefined],
  ]);
  expect((await ops.suppliers.getSupplier({ supplierId: "s/1", historyWeeks: 1 })).history).toHaveLength(1);
});

test("a supplier with too few features has band UNKNOWN and no risk_score", async () => {
  const { supplier } = await ops.suppliers.getSupplier({ supplierId: "thin" });
  expect(supplier?.latestScore).toMatchObject({ band: Band.UNKNOWN });
  expect(supplier?.latestScore?.riskScore).toBeUndefined();
  expect(supplier?.latestScore?.impact).toBeUndefined();
});

test("the list has the latest run by impact, each supplier once over all pages", async () => {
  const ids: string[] = [];
  for (let pageToken = ""; ; ) {
    const page = await ops.suppliers.listSuppliers({ pageSize: 6, pageToken });
    ids.push(...page.suppliers.map(({ supplierId }) => supplierId));
    if (page.nextPageToken === "") break;
    pageToken = page.nextPageToken;
  }
  expect(ids).toHaveLength(20);
  expect(ids[0]).toBe("s/1");
  expect(ids.slice(1, 18)).toEqual(crowd.map(({ id }) => id).reverse());
  expect(ids.slice(18)).toEqual(["s2", "thin"]);
});

test("the list filters by band, region and category", async () => {
  const count = async (query: Parameters<typeof ops.suppliers.listSuppliers>[0]) =>
    (await ops.suppliers.listSuppliers(query)).suppliers.length;
  expect(await count({ band: Band.HIGH })).toBe(1);
  expect(await count({ band: Band.UNKNOWN })).toBe(1);
  expect(await count({ region: "EU" })).toBe(10);
  expect(await count({ region: "Mars" })).toBe(0);
  expect(await count({ category: "steel" })).toBe(0);
});

test("unknown suppliers are NOT_FOUND, and page tokens that no server created are rejected", async () => {
  expect((await failureOf(ops.suppliers.getSupplier({ supplierId: "nobody" }))).code).toBe(Code.NotFound);
  expect((await failureOf(ops.suppliers.getSupplier({}))).code).toBe(Code.InvalidArgument);
  const tokens = pageTokens(ListSuppliersRequestSchema, create(ListSuppliersRequestSchema));
  for (const pageToken of ["x", tokens.write([1, 2]), tokens.write(["a", "b", "c"]), `${tokens.write([1, 2, 3])}=`])
    expect((await failureOf(ops.suppliers.listSuppliers({ pageToken }))).code).toBe(Code.InvalidArgument);
});

describe("a second model", () => {
  const second = { modelName: "second-model", modelVersion: "v9" };
  beforeAll(async () => {
    await runWeek(ops, "2026-W02", [{ id: "s/1", score: 0.05, exposure: 2000 }], second);
    await runWeek(
      ops,
      "2026-W03",
      [
        { id: "s/1", score: 0.06, exposure: 2000 },
        { id: "only-second", score: 0.3 },
      ],
      second,
    );
  });

  test("does not mix its scores into a supplier's, and the response names the model that was chosen", async () => {
    const answer = await ops.suppliers.getSupplier({ supplierId: "s/1" });
    expect(answer).toMatchObject({ modelName: "supplier-risk", scoredByModels: ["second-model", "supplier-risk"] });
    expect(answer.history.map(({ isoWeek, riskScore }) => [isoWeek, riskScore])).toEqual([
      ["2026-W02", 0.9],
      ["2026-W01", 0.2],
    ]);
    expect(answer.supplier).toMatchObject({ activeAlerts: 1, latestScore: { isoWeek: "2026-W02", riskScore: 0.9 } });
  });

  test("shows its own history, contributions and alerts when it is named", async () => {
    const answer = await ops.suppliers.getSupplier({ supplierId: "s/1", modelName: "second-model" });
    expect(answer).toMatchObject({ modelName: "second-model", supplier: { activeAlerts: 0 } });
    expect(answer.history.map(({ isoWeek, riskScore }) => [isoWeek, riskScore])).toEqual([
      ["2026-W03", 0.06],
      ["2026-W02", 0.05],
    ]);
    expect(answer.supplier?.latestScore?.model?.version).toBe("v9");
    const late = answer.supplier?.latestScore?.contributions.find(({ feature }) => feature === "late_ratio");
    expect(late?.contribution).toBe(Math.fround(0.06));
  });

  test("is chosen for a supplier that the default model never scored", async () => {
    const answer = await ops.suppliers.getSupplier({ supplierId: "only-second" });
    expect(answer).toMatchObject({ modelName: "second-model", scoredByModels: ["second-model"] });
    const named = await ops.suppliers.getSupplier({ supplierId: "only-second", modelName: "supplier-risk" });
    expect(named).toMatchObject({ modelName: "supplier-risk", scoredByModels: ["second-model"], history: [] });
    expect(named.supplier?.latestScore).toBeUndefined();
  });

  test("has its own list; the pages of the default model's list stay with the default model", async () => {
    const own = await ops.suppliers.listSuppliers({ modelName: "second-model" });
    expect(own).toMatchObject({ modelName: "second-model", modelNames: ["second-model", "supplier-risk"] });
    expect(own.suppliers.map(({ supplierId }) => supplierId)).toEqual(["s/1", "only-second"]);
    const first = await ops.suppliers.listSuppliers({ pageSize: 6 });
    expect(first).toMatchObject({ modelName: "supplier-risk" });
    const { nextPageToken: pageToken } = first;
    expect((await ops.suppliers.listSuppliers({ pageSize: 6, pageToken })).modelName).toBe("supplier-risk");
    const mixed = ops.suppliers.listSuppliers({ pageSize: 6, pageToken, modelName: "second-model" });
    expect((await failureOf(mixed)).code).toBe(Code.InvalidArgument);
  });

  test("that has no complete run is NOT_FOUND, with the names of the models that have one", async () => {
    for (const call of [
      () => ops.suppliers.listSuppliers({ modelName: "nobody" }),
      () => ops.suppliers.getSupplier({ supplierId: "s/1", modelName: "nobody" }),
    ]) {
      const failure = await failureOf(call());
      expect([failure.code, failure.rawMessage]).toEqual([
        Code.NotFound,
        'no complete run of the model "nobody"; models that have one: second-model, supplier-risk',
      ]);
    }
  });
});
