import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { migratedUpTo } from "./old-database.ts";
import { failureOf, type OpsHarness, runWeek, startOps, testChunk } from "./ops-harness.ts";

const LAST_BEFORE = "0006_alerts_by_model";

let cluster: PostgresServer;
let ops: OpsHarness;

beforeAll(async () => {
  cluster = await usePostgres();
  ops = await startOps(await cluster.createDatabase());
  await runWeek(ops, "2026-W01", [{ id: "s1", score: 0.9, values: [0.5, 90, 3, 1] }]);
  await runWeek(ops, "2026-W02", [
    { id: "s1", score: 0.9, values: [0.7, 90, 3, 1] },
    { id: "thin", score: 0.11, values: [Number.NaN, Number.NaN, 9, Number.NaN] },
  ]);
  await runWeek(ops, "2026-W02", [{ id: "old", score: 0.9 }], { modelName: "without-values" });
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

describe("GetSupplier", () => {
  test("returns each contribution with value, unit and typical value, and the reasons in words", async () => {
    const { supplier, history } = await ops.suppliers.getSupplier({ supplierId: "s1" });
    const score = supplier?.latestScore;
    expect(score?.contributions).toMatchObject([
      { feature: "late_ratio", value: 0.7, typical: 0.25 },
      { feature: "spend", value: 90, unit: "EUR", typical: 100 },
      { feature: "age", value: 3, unit: "years", typical: 8 },
    ]);
    expect(score?.reasons.map(({ text }) => text)).toEqual([
      "late ratio 0.7 (typical 0.25)",
      "spend 90 EUR (typical 100)",
      "age 3 years (typical 8)",
    ]);
    expect(score).toMatchObject({ featuresPresent: 4, featuresTotal: 4, missingFeatures: [] });
    expect(history[0]).toMatchObject({ reasons: [], contributions: [] });
    expect(history[0]?.featuresTotal).toBeUndefined();
  });

  test("returns the names of missing features, and no reason that contradicts a declared direction", async () => {
    const { supplier } = await ops.suppliers.getSupplier({ supplierId: "thin" });
    expect(supplier?.latestScore).toMatchObject({
      ...{ featuresPresent: 1, featuresTotal: 4, missingFeatures: ["late_ratio", "spend", "region"] },
      // By declaration, an age above the typical one lowers the risk, and the test's contribution increases
      // it.
      reasons: [{ text: "spend not known (typical 100)" }, { text: "late ratio not known (typical 0.25)" }],
    });
  });

  test("leaves values unset, not zero or missing, when the run did not record them", async () => {
    const { supplier } = await ops.suppliers.getSupplier({ supplierId: "old" });
    const score = supplier?.latestScore;
    expect(score?.contributions.map(({ feature, value, typical }) => [feature, value, typical])).toEqual([
      ["late_ratio", undefined, undefined],
      ["spend", undefined, undefined],
      ["age", undefined, undefined],
    ]);
    expect(score?.featuresTotal).toBeUndefined();
    expect(score?.reasons.map(({ text }) => text)).toEqual(["late ratio", "spend", "age"]);
  });
});

test("ListSuppliers returns the same reasons and missing features as GetSupplier", async () => {
  const { suppliers } = await ops.suppliers.listSuppliers({ modelName: "supplier-risk" });
  for (const listed of suppliers) {
    const { supplier } = await ops.suppliers.getSupplier({ supplierId: listed.supplierId });
    expect(listed.latestScore).toEqual(supplier?.latestScore);
  }
  expect(suppliers).toHaveLength(2);
});

test("an alert has the two reasons that increased its score most, in RPC and REST", async () => {
  const { alerts } = await ops.alerts.listAlerts({ supplierId: "s1" });
  const texts = ["late ratio 0.7 (typical 0.25)", "age 3 years (typical 8)"];
  expect(alerts[0]).toMatchObject({ lastWeek: "2026-W02" });
  expect(alerts[0]?.reasons.map(({ text }) => text)).toEqual(texts);
  const rest: { alerts: { reasons: { text: string }[] }[] } = await (
    await fetch(`${ops.webUrl}/alerts?supplier_id=s1`)
  ).json();
  expect(rest.alerts[0]?.reasons.map(({ text }) => text)).toEqual(texts);
  const { alert } = await ops.alerts.getAlert({ alertId: alerts[0]?.alertId ?? "" });
  expect(alert?.reasons).toEqual(alerts[0]?.reasons);
});

describe("SubmitChunk", () => {
  const begin = async (isoWeek: string) =>
    (await ops.batch.startRun({ isoWeek, modelName: "hostile", holder: "h" })).lease;
  const row = { id: "s1", score: 0.5, values: [0.5, 90, 3, 1] };

  test.each([
    ["too few bytes", { featureValues: new Uint8Array(12) }, "feature_values"],
    ["values without features", { features: [] }, "feature_values"],
    ["features without values", { featureValues: new Uint8Array(0) }, "feature_values"],
    ["a category that is not there", { featureValues: new Uint8Array(Float32Array.of(1, 1, 1, 3).buffer) }, "region"],
    ["half a category", { featureValues: new Uint8Array(Float32Array.of(1, 1, 1, 0.5).buffer) }, "region"],
  ])("rejects %s and names the field", async (_, over, field) => {
    const chunk = Object.assign(testChunk(await begin("2026-W03"), 0, [row]), over);
    const failure = await failureOf(ops.batch.submitChunk(chunk));
    expect(failure.code).toBe(Code.InvalidArgument);
    expect(failure.rawMessage).toContain(field);
  });

  test("accepts the index after the last category, and rejects features that are named twice or differ between chunks", async () => {
    const lease = await begin("2026-W04");
    await ops.batch.submitChunk(testChunk(lease, 0, [{ ...row, values: [0.5, 90, 3, 2] }]));
    const twice = testChunk(lease, 1, [row]);
    twice.features.splice(0, 1, ...twice.features.slice(1, 2));
    expect((await failureOf(ops.batch.submitChunk(twice))).code).toBe(Code.InvalidArgument);
    const other = testChunk(lease, 1, [row]);
    Object.assign(other.features[1] ?? {}, { unit: "USD" });
    expect((await failureOf(ops.batch.submitChunk(other))).code).toBe(Code.FailedPrecondition);
    expect(await ops.batch.submitChunk(testChunk(lease, 1, [row]))).toMatchObject({ duplicate: false });
  });
});

test("runs of an older database are read without values, and an unfinished one is completed", async () => {
  const url = await cluster.createDatabase();
  await migratedUpTo(url, LAST_BEFORE);
  const pool = await openPostgres(url, { max: 1 });
  onTestFinished(() => pool.close());
  await pool.query(`
    insert into bellwether.supplier (external_id) values ('a');
    insert into bellwether.run (iso_week, model_name, fence, holder, state, scored_by) values
      ('2026-W01', 'm', 1, 'h', 'complete', '{"columnNames": ["late_ratio"], "outputSpace": "margin", "baseValue": 0}'),
      ('2026-W02', 'm', 1, 'h', 'running', null);
    create table bellwether.score_r1 partition of bellwether.score for values in (1);
    create table bellwether.score_chunk_r1 partition of bellwether.score_chunk for values in (1);
    insert into bellwether.score values (1, 1, 0.9, null, 4, 0.9, 0, 0, null, null, '');
    insert into bellwether.score_chunk values (1, 0, '\\x0000003f');
    create table bellwether.score_r2 (like bellwether.score including defaults, check (run = 2));
    create table bellwether.score_chunk_r2 (like bellwether.score_chunk including defaults, check (run = 2))`);
  await using old = await startOps(url);
  const { supplier } = await old.suppliers.getSupplier({ supplierId: "a" });
  expect(supplier?.latestScore?.reasons).toMatchObject([{ text: "late ratio", contribution: 0.5 }]);
  expect(supplier?.latestScore?.featuresTotal).toBeUndefined();
  await runWeek(old, "2026-W02", [{ id: "a", score: 0.9, values: [0.5, 90, 3, 1] }], { modelName: "m" });
  const after = await old.suppliers.getSupplier({ supplierId: "a" });
  expect(after.supplier?.latestScore).toMatchObject({ isoWeek: "2026-W02", featuresPresent: 4 });
});
