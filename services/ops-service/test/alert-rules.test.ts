import { AlertEventKind, AlertSeverity, AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { WeekChange } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { RunStage } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Code } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { failureOf, type OpsHarness, runWeek, seenAlert, startOps, type TestRow, testChunk } from "./ops-harness.ts";

/** Time for a change to reach a watch on a busy machine. */
const WAIT = { timeout: 20_000 };
let cluster: PostgresServer;
let ops: OpsHarness;

let clock: Date;

beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster[Symbol.asyncDispose]());
beforeEach(async () => {
  clock = new Date("2026-11-02T06:00:00Z");

  ops = await startOps(await cluster.createDatabase(), { now: () => clock });
});
afterEach(() => ops[Symbol.asyncDispose]());

const week = (number: number, ...rows: TestRow[]) => runWeek(ops, `2026-W${String(number).padStart(2, "0")}`, rows);
const alertsOf = async (supplierId = "", states = [AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.RESOLVED]) =>
  (await ops.alerts.listAlerts({ supplierId, states })).alerts;
const scoreAlert = async (supplierId: string) =>
  (await alertsOf(supplierId)).find(({ ruleId }) => ruleId === "high-score");
const kinds = async (alertId: string) =>
  (await ops.alerts.getAlert({ alertId })).events.map(({ kind }) => kind).reverse();

test("a cleared critical alert opens again within its cool-down when its supplier becomes critical again", async () => {
  await week(1, { id: "a", score: 0.9 });
  for (const number of [2, 3]) await week(number, { id: "a", score: 0.1 });
  expect(await scoreAlert("a")).toMatchObject({ state: AlertState.RESOLVED, disposition: Disposition.CLEARED });
  await week(4, { id: "a", score: 0.96 });
  expect(await scoreAlert("a")).toMatchObject({
    ...{ state: AlertState.OPEN, disposition: Disposition.UNSPECIFIED, severity: AlertSeverity.CRITICAL },
    ...{ riskScore: 0.96, summary: "Risk score 0.96, at or above the critical limit 0.85." },
  });
});

test("a critical alert that an analyst resolved stays closed while its supplier stays critical, and opens when it becomes critical again", async () => {
  await week(1, { id: "stays", score: 0.9 }, { id: "falls", score: 0.9 });
  for (const id of ["stays", "falls"])
    await ops.alerts.resolveAlert({
      ...(await seenAlert(ops, (await scoreAlert(id))?.alertId ?? "")),
      disposition: Disposition.ACCEPTED,
    });
  await week(2, { id: "stays", score: 0.9 }, { id: "falls", score: 0.84 });
  await week(3, { id: "stays", score: 0.95 }, { id: "falls", score: 0.85 });
  expect((await scoreAlert("stays"))?.state).toBe(AlertState.RESOLVED);
  expect(await scoreAlert("falls")).toMatchObject({ state: AlertState.OPEN, raisedWeek: "2026-W03" });
});

test("after a lapse, one high run raises the alert again, and a lower score does not", async () => {
  const rest = { id: "rest", score: 0.1 };
  await week(1, { id: "high", score: 0.9 }, { id: "low", score: 0.9 }, rest);
  for (const number of [2, 3, 4, 5]) await week(number, rest);
  await week(6, { id: "high", score: 0.7 }, { id: "low", score: 0.69 }, rest);
  expect(await scoreAlert("high")).toMatchObject({ state: AlertState.OPEN, severity: AlertSeverity.WARNING });
  expect(await scoreAlert("low")).toMatchObject({ state: AlertState.RESOLVED, disposition: Disposition.LAPSED });
});

test("severity, score and summary of an open alert come from the latest run, and a watch receives each change", async () => {
  const heard: string[] = [];
  const stop = new AbortController();
  const watching = (async () => {
    for await (const { alerts } of ops.alerts.watchAlerts({}, { signal: stop.signal }))
      heard.push(
        ...alerts.map(({ lastWeek, summary }) => `${lastWeek} ${summary}`),
        ...(alerts.length ? [] : ["ready"]),
      );
  })();
  await vi.waitFor(() => expect(heard).toContain("ready"), WAIT);
  await week(1, { id: "a", score: 0.92 });
  await week(2, { id: "a", score: 0.76 });
  expect(await scoreAlert("a")).toMatchObject({
    ...{ severity: AlertSeverity.CRITICAL, riskScore: 0.76 },
    summary: "Risk score 0.76, below 0.85; the alert stays critical until it is below 0.75.",
  });
  await week(3, { id: "a", score: 0.74 });
  const eased = await scoreAlert("a");
  expect(eased).toMatchObject({
    ...{ severity: AlertSeverity.WARNING, riskScore: 0.74, lastWeek: "2026-W03", raisedWeek: "2026-W01" },
    summary: "Risk score 0.74, at or above 0.7 in 2 runs in a row.",
  });
  await week(4, { id: "a", score: 0.73 });
  expect(await scoreAlert("a")).toMatchObject({ riskScore: 0.73, changedAt: eased?.changedAt });
  expect(await kinds(eased?.alertId ?? "")).toEqual([AlertEventKind.RAISED, AlertEventKind.DEESCALATED]);
  await week(5, { id: "a", score: 0.699 });
  expect((await scoreAlert("a"))?.summary).toBe("Risk score 0.699, below 0.7; the alert is cleared below 0.6.");
  await week(6, { id: "a", score: 0.5 });
  expect((await scoreAlert("a"))?.summary).toBe(
    "Risk score 0.50, below 0.6; the alert is cleared after 2 runs in a row.",
  );
  await week(7, { id: "a", score: 0.86 });
  expect(await scoreAlert("a")).toMatchObject({ severity: AlertSeverity.CRITICAL, riskScore: 0.86 });
  await vi.waitFor(() => expect(heard.filter((line) => line !== "ready")).toHaveLength(7), WAIT);
  expect(heard[4]).toBe("2026-W04 Risk score 0.73, at or above 0.7 in 2 runs in a row.");
  stop.abort();
  expect((await failureOf(watching)).code).toBe(Code.Canceled);
});

test("the alerts of a model whose only run was voided are listed by its name, also over REST", async () => {
  const modelName = "voided";
  const run = await runWeek(ops, "2026-W10", [{ id: "a", score: 0.9 }], { modelName });
  await ops.batch.voidRun({ runId: run?.runId ?? 0, reason: "the wrong file" });
  const query = `model_name=${modelName}&state=resolved&disposition=void`;
  const { alerts } = await (await fetch(`${ops.webUrl}/alerts?${query}`)).json();
  expect(alerts).toMatchObject([{ disposition: "void", model_name: modelName }]);
  const unknown = await failureOf(ops.alerts.listAlerts({ modelName: "never-run" }));
  const noWeek = await failureOf(ops.alerts.listAlerts({ modelName, weekChange: WeekChange.RAISED }));
  expect([unknown.code, noWeek.code]).toEqual([Code.NotFound, Code.NotFound]);
});

describe("equal expected impacts", () => {
  /** Equal products: 0.875 × 4 = 0.4375 × 8. Those with 0.875 have an alert of the score rule, and get no rank. */
  const IMPACT = [
    { score: 0.875, exposure: 4 },
    { score: 0.4375, exposure: 8 },
  ] as const;
  const id = (prefix: string, i: number): string => `${prefix}-${String(i).padStart(3, "0")}`;
  const tied = (name: string) => [
    ...Array.from({ length: 100 }, (_, i) => ({ id: id(`${name}-a`, i), ...IMPACT[0] })),
    ...Array.from({ length: 40 }, (_, i) => ({ id: id(`${name}-b`, i), ...IMPACT[1] })),
  ];
  const low = Array.from({ length: 400 }, (_, i) => ({ id: id("low", i), score: 0.1, exposure: 1 }));
  const capacityAlerts = async (modelName: string) =>
    (await ops.alerts.listAlerts({ modelName, ruleId: "weekly-capacity", pageSize: 200 })).alerts
      .map(({ supplierId }) => supplierId)
      .sort();

  test.each([
    ["in the order of the ids", (rows: TestRow[]) => rows],
    ["in the reverse order", (rows: TestRow[]) => rows.toReversed()],
    ["mixed", (rows: TestRow[]) => rows.toSorted((a, b) => a.id.slice(-1).localeCompare(b.id.slice(-1)))],
  ])("the first ids have the alerts, whichever numbers their suppliers got: rows %s", async (_, arrange) => {
    await runWeek(ops, "2026-W01", [...arrange(tied("t")), ...low], { modelName: "tied" });
    expect(await capacityAlerts("tied")).toEqual(Array.from({ length: 10 }, (_, i) => id("t-b", i)));
    // Ten more stay within keep_within: the same week again changes nothing.
    await runWeek(ops, "2026-W02", [...tied("t").toReversed(), ...low], { modelName: "tied" });
    expect(await capacityAlerts("tied")).toEqual(Array.from({ length: 10 }, (_, i) => id("t-b", i)));
  });
});

test("a capacity alert about a supplier that the score rule takes over is replaced, not cleared", async () => {
  const rest = { id: "rest", score: 0.1 };
  await week(1, { id: "a", score: 0.6, exposure: 100 }, rest);
  const [capacity] = await alertsOf("a");
  expect(capacity).toMatchObject({ ruleId: "weekly-capacity", replacedByAlertId: "", replacedByRuleId: "" });
  await week(2, { id: "a", score: 0.92, exposure: 100 }, rest);
  const taker = await scoreAlert("a");
  const { alert, events } = await ops.alerts.getAlert({ alertId: capacity?.alertId ?? "" });
  expect(alert).toMatchObject({
    ...{ state: AlertState.RESOLVED, disposition: Disposition.REPLACED, riskScore: 0.92, lastWeek: "2026-W02" },
    ...{ replacedByAlertId: taker?.alertId, replacedByRuleId: "high-score" },
    summary: "Risk score 0.92; its alert is now that of high-score.",
  });
  expect(events[0]).toMatchObject({ kind: AlertEventKind.RESOLVED, note: "Replaced by high-score.", riskScore: 0.92 });
  const { alerts } = await (await fetch(`${ops.webUrl}/alerts?state=resolved`)).json();
  expect(alerts).toMatchObject([{ disposition: "replaced", replaced_by_alert_id: taker?.alertId }]);
});

test("the audit log has one event per run with the alerts that the rules changed, and none when they changed nothing", async () => {
  const rest = { id: "rest", score: 0.1 };
  await week(1, { id: "a", score: 0.9 }, { id: "b", score: 0.9 }, rest);
  await week(2, { id: "a", score: 0.9 }, { id: "b", score: 0.1 }, rest);
  await week(3, { id: "a", score: 0.7 }, { id: "b", score: 0.1 }, rest);
  const { records } = await ops.audit.queryEvents({ kind: "alerts.evaluated" });
  const [a, b] = [await scoreAlert("a"), await scoreAlert("b")];
  expect(records.map(({ event }) => [event?.subject, event?.actor, JSON.parse(event?.payloadJson ?? "")])).toEqual([
    ["run/3", "rules", { deescalated: { count: 1, ids: [a?.alertId] }, cleared: { count: 1, ids: [b?.alertId] } }],
    ["run/2", "rules", { deescalated: { count: 1, ids: [b?.alertId] } }],
    ["run/1", "rules", { raised: { count: 2, ids: [a?.alertId, b?.alertId].sort() } }],
  ]);
});

test("runs are in a row in successive weeks with different inputs only", async () => {
  const digest = (number: number) => String(number).repeat(64).slice(0, 64);
  const run = async (isoWeek: string, input: number, score: number) => {
    const { lease } = await ops.batch.startRun({ isoWeek, modelName: "supplier-risk", holder: isoWeek });
    const inputDigest = digest(input);
    await ops.batch.reportProgress({ ...(lease && { lease }), stage: RunStage.SCORE, inputDigest });
    const rows = [
      { id: "a", score },
      { id: "rest", score: 0.1 },
    ];
    await ops.batch.submitChunk(testChunk(lease, 0, rows));
    await ops.batch.completeRun({ ...(lease && { lease }), rowsRead: 2n, chunksTotal: 1 });
    return (await scoreAlert("a"))?.state;
  };
  // Two weeks of the same input, then a gap of weeks.
  expect(await run("2026-W20", 1, 0.75)).toBeUndefined();
  expect(await run("2026-W21", 1, 0.75)).toBeUndefined();
  expect(await run("2026-W40", 2, 0.75)).toBeUndefined();
  expect(await run("2026-W41", 3, 0.75)).toBe(AlertState.OPEN);
  // The change is that since the run before, also across a gap.
  expect((await scoreAlert("a"))?.scoreChange).toBe(0);
  expect(await run("2026-W42", 4, 0.5)).toBe(AlertState.OPEN);
  expect(await run("2026-W43", 4, 0.5)).toBe(AlertState.OPEN);
  expect((await scoreAlert("a"))?.summary).toBe(
    "Risk score 0.50, below 0.6; the alert is cleared after 2 runs in a row.",
  );
  expect(await run("2026-W44", 5, 0.5)).toBe(AlertState.RESOLVED);
});

test("a week of another model version is published without ml-service, and its alerts say what was not computed", async () => {
  const values = [0.5, 100, 8, 0];
  const run = async (isoWeek: string, digest: string, score: number) => {
    const { lease } = await ops.batch.startRun({ isoWeek, modelName: "supplier-risk", holder: isoWeek });
    await ops.batch.submitChunk(testChunk(lease, 0, [{ id: "a", score, values }], digest));
    await ops.batch.completeRun({ ...(lease && { lease }), rowsRead: 1n, chunksTotal: 1 });
  };
  await run("2026-W20", "a".repeat(64), 0.2);
  await run("2026-W21", "d".repeat(64), 0.9);
  const parts = { beforeWeek: "2026-W20", beforeVersion: "v1", afterVersion: "v1" };
  const notComputed = expect.stringMatching(/^ml-service does not answer: /);
  const alert = await scoreAlert("a");
  expect(alert?.scoreChangeParts).toMatchObject({ ...parts, notComputed });
  expect(alert?.scoreChangeParts?.modelScore).toBeUndefined();
});

describe("two models", () => {
  const other = { modelName: "another-model" };
  const ofModel = async (modelName: string) =>
    (await ops.alerts.listAlerts({ modelName, states: [AlertState.OPEN, AlertState.RESOLVED] })).alerts;

  test("a run of one model raises its own alert about a supplier and changes no alert of the other", async () => {
    await week(1, { id: "a", score: 0.86 }, { id: "b", score: 0.1 });
    const before = await ofModel("supplier-risk");
    for (const number of [1, 2, 3, 4, 5, 6])
      await runWeek(
        ops,
        `2026-W0${number}`,
        [
          { id: "a", score: number < 3 ? 0.07 : 0.9 },
          { id: "b", score: 0.2 },
        ],
        other,
      );
    expect(await ofModel("supplier-risk")).toEqual(before);
    const [own] = await ofModel("another-model");
    expect(own).toMatchObject({
      ...{ supplierId: "a", state: AlertState.OPEN, riskScore: 0.9, modelName: "another-model" },
      dedupeKey: "another-model/a/high-score/score",
    });
    expect(own?.alertId).not.toBe(before[0]?.alertId);
    expect(await alertsOf("a")).toHaveLength(2);
    const { alerts } = await (await fetch(`${ops.webUrl}/alerts?model_name=another-model`)).json();
    expect(alerts).toMatchObject([{ model_name: "another-model", supplier_id: "a" }]);
  });

  test("alerts of one model use no capacity and start no cool-down of the other model", async () => {
    const rows = [
      { id: "a", score: 0.9, exposure: 100 },
      { id: "rest", score: 0.1 },
    ];
    await week(1, ...rows);
    const alertId = (await scoreAlert("a"))?.alertId ?? "";
    await ops.alerts.resolveAlert({ ...(await seenAlert(ops, alertId)), disposition: Disposition.ACCEPTED });
    const lower = [
      { id: "a", score: 0.6, exposure: 100 },
      { id: "rest", score: 0.1 },
    ];
    await runWeek(ops, "2026-W01", lower, other);
    expect(await ofModel("another-model")).toMatchObject([{ ruleId: "weekly-capacity", supplierId: "a" }]);
    await week(2, ...rows);
    expect(await ofModel("another-model")).toMatchObject([{ state: AlertState.OPEN }]);
  });

  test("only runs of the alert's own model make it lapse", async () => {
    await week(1, { id: "a", score: 0.9 }, { id: "b", score: 0.1 });
    await runWeek(ops, "2026-W01", [{ id: "a", score: 0.9 }], other);
    for (const number of [2, 3, 4, 5]) await runWeek(ops, `2026-W0${number}`, [{ id: "b", score: 0.1 }], other);
    const ofSupplier = async (modelName: string) =>
      (await ofModel(modelName)).filter(({ supplierId }) => supplierId === "a");
    expect(await ofSupplier("another-model")).toMatchObject([{ disposition: Disposition.LAPSED }]);
    expect(await ofSupplier("supplier-risk")).toMatchObject([{ state: AlertState.OPEN }]);
  });

  test("a watch of one model receives nothing of the other, and a model without a run is rejected by name", async () => {
    await runWeek(ops, "2026-W01", [{ id: "a", score: 0.9 }], other);
    const heard: string[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const { alerts } of ops.alerts.watchAlerts({ modelName: "another-model" }, { signal: stop.signal }))
        heard.push(...(alerts.length === 0 ? ["ready"] : alerts.map(({ modelName }) => modelName)));
    })();
    await vi.waitFor(() => expect(heard).toEqual(["ready"]), WAIT);
    await week(1, { id: "a", score: 0.9 });
    await runWeek(ops, "2026-W02", [{ id: "b", score: 0.9 }], other);
    await vi.waitFor(() => expect(heard).toContain("another-model"), WAIT);
    expect(heard).not.toContain("supplier-risk");
    stop.abort();
    expect((await failureOf(watching)).code).toBe(Code.Canceled);
    const modelName = "supplier-rsk";
    const asked = [
      ops.alerts.listAlerts({ modelName }),
      Array.fromAsync(ops.alerts.watchAlerts({ modelName })),
      Array.fromAsync(ops.alerts.watchAlerts({ modelName, afterSequence: 0n })),
    ];
    for (const unknown of await Promise.all(asked.map((one) => failureOf(one))))
      expect([unknown.code, unknown.rawMessage]).toEqual([
        Code.NotFound,
        'no complete run of the model "supplier-rsk"; models that have one: another-model, supplier-risk',
      ]);
  });
});
