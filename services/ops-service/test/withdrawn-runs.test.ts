import { loadAlertRules } from "@bellwether/config/alert-rules";
import { AlertEventKind, AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { CheckKind, CheckOutcome, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ReportFormat } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  failureOf,
  type OpsHarness,
  reasonOf,
  runWeek,
  seenAlert,
  startOps,
  type TestRow,
  testChunk,
} from "./ops-harness.ts";

const RULES = new URL("../../../config/alert_rules.yaml", import.meta.url).pathname;

let cluster: PostgresServer;
let ops: OpsHarness;
let modelName = "";
let models = 0;

beforeAll(async () => {
  cluster = await usePostgres();
  const rules = await loadAlertRules(RULES);
  // Only the score rule: the other one would select every supplier of a small week.
  const alertRules = { ...rules, weeklyCapacity: { ...rules.weeklyCapacity, suppliers: 0, keepWithin: 0 } };
  // 2027-W02 has not begun. The clock is later at each reading.
  let readMs = Date.parse("2026-12-28T06:00:00Z");
  const now = () => new Date(++readMs);
  ops = await startOps(await cluster.createDatabase(), { alertRules, now });
});
afterAll(async () => {
  await ops[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

/** Each test has a model of its own, and suppliers of its own. */
function newModel(): void {
  modelName = `model-${++models}`;
}

const own = (rows: readonly TestRow[]) => rows.map((row) => ({ ...row, id: `${modelName}/${row.id}` }));
const week = async (isoWeek: string, ...rows: TestRow[]) => {
  const run = await runWeek(ops, isoWeek, own(rows), { modelName });
  if (!run) throw new Error("no run");
  return run;
};
const states = [AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.IN_MITIGATION, AlertState.RESOLVED];
const alertsOf = async (id = "") =>
  (await ops.alerts.listAlerts({ modelName, states, supplierId: id && `${modelName}/${id}` })).alerts;
const alertOf = async (id: string) => {
  const [alert] = (await alertsOf(id)).filter(({ ruleId }) => ruleId === "high-score");
  if (!alert) throw new Error(`no alert about ${id}`);
  return alert;
};
const historyOf = async (id: string) => (await ops.alerts.getAlert({ alertId: (await alertOf(id)).alertId })).events;
const supplierOf = (id: string) => ops.suppliers.getSupplier({ supplierId: `${modelName}/${id}`, modelName });
const auditOf = async (runId: number) =>
  (await ops.audit.queryEvents({ subject: `run/${runId}` })).records.map(({ event }) => event?.kind).reverse();
const reason = "the wrong file";
const REST = { id: "rest", score: 0.1 };

describe("a run that is voided", () => {
  test("returns every view to the week before, and closes the alerts that it alone raised", async () => {
    newModel();
    await week("2026-W10", { id: "a", score: 0.3 }, { id: "old", score: 0.9 }, REST);
    const before = {
      list: await ops.suppliers.listSuppliers({ modelName, includeFacets: true }),
      week: await ops.reports.getWeek({ modelName }),
      old: await alertOf("old"),
    };
    const wrong = await week(
      "2026-W11",
      { id: "a", score: 0.95 },
      { id: "old", score: 0.7 },
      { id: "new", score: 0.9 },
    );
    expect((await supplierOf("a")).supplier?.latestScore).toMatchObject({ riskScore: 0.95, isoWeek: "2026-W11" });

    const { run, ...voided } = await ops.batch.voidRun({ runId: wrong.runId, reason });
    expect(run).toMatchObject({ state: RunState.VOIDED, voided: { reason, actor: "anonymous" } });
    expect(voided).toMatchObject({
      alertsClosed: { count: 2 },
      alertsRestored: { count: 1, alertIds: [before.old.alertId] },
      alertsKept: { count: 0 },
      latestWeek: "2026-W10",
    });
    for (const id of ["a", "new"])
      expect(await alertOf(id)).toMatchObject({ state: AlertState.RESOLVED, disposition: Disposition.VOID });
    const { version, changedAt, changedBy, sequence, ...old } = await alertOf("old");
    expect(before.old).toMatchObject(old);
    expect((await historyOf("a"))[0]).toMatchObject({
      ...{ kind: AlertEventKind.VOIDED, actor: "anonymous", note: reason, runId: wrong.runId },
      detail: "Only the run of 2026-W11 had raised it.",
    });
    const list = await ops.suppliers.listSuppliers({ modelName, includeFacets: true });
    expect(list).toEqual(before.list);
    expect(await ops.reports.getWeek({ modelName })).toMatchObject({ isoWeek: "2026-W10", risers: [] });
    expect((await supplierOf("a")).history.map(({ isoWeek }) => isoWeek)).toEqual(["2026-W10"]);
    expect((await supplierOf("new")).supplier?.latestScore).toBeUndefined();
    expect((await supplierOf("new")).history).toEqual([]);
    const found = await ops.suppliers.searchSuppliers({ query: `${modelName}/a`, modelName });
    expect(found.matches[0]?.supplier?.latestScore).toMatchObject({ riskScore: 0.3, isoWeek: "2026-W10" });
    expect(await auditOf(wrong.runId)).toEqual(["run.completed", "alerts.evaluated", "run.voided"]);
    // A repetition changes nothing, and the first reason counts.
    const again = await ops.batch.voidRun({ runId: wrong.runId, reason: "again" });
    expect(again).toMatchObject({ run: { voided: { reason } }, alertsClosed: { count: 0 }, repeatedRequest: true });
    const approval = await failureOf(ops.batch.approveRun({ runId: wrong.runId, reason }));
    expect(approval.rawMessage).toBe(
      `revision 1 of ${wrong.isoWeek} (run ${wrong.runId}) is voided: only a held run can be approved; the next run of the week is a new revision: run it with the correct file`,
    );
    const superseding = await failureOf(ops.batch.supersedeRun({ runId: wrong.runId, reason }));
    expect(superseding.rawMessage).toMatch(
      /^revision 1 of .* is voided: only a complete run can be superseded; .*run it/,
    );
  });

  test("a week that was completed too early is voided, and the next true week raises alerts again", async () => {
    newModel();
    await week("2026-W10", { id: "a", score: 0.3 }, REST);
    const early = await week("2026-W52", { id: "a", score: 0.3 }, REST);
    expect(await week("2026-W11", { id: "a", score: 0.9 }, REST)).toMatchObject({ overtakenBy: "2026-W52" });
    expect(await alertsOf("a")).toEqual([]);
    await ops.batch.voidRun({ runId: early.runId, reason });
    expect(await week("2026-W12", { id: "a", score: 0.75 }, REST)).toMatchObject({ overtakenBy: "", alertsRaised: 1 });
    expect(await alertOf("a")).toMatchObject({
      ...{ state: AlertState.OPEN, raisedWeek: "2026-W12" },
      summary: "Risk score 0.75, at or above 0.7 in 2 runs in a row.",
    });
    expect((await supplierOf("a")).history.map(({ isoWeek }) => isoWeek)).toEqual(["2026-W12", "2026-W11", "2026-W10"]);
    // The week can be run again when it has come, as its second revision.
    expect(await week("2026-W52", { id: "a", score: 0.3 }, REST)).toMatchObject({ revision: 2, overtakenBy: "" });
  });

  test("what people decided and wrote about its alerts stays in their history, and decisions about other alerts stay", async () => {
    newModel();
    const seen = async (id: string) => seenAlert(ops, (await alertOf(id)).alertId);
    await week("2026-W10", { id: "worse", score: 0.9 }, { id: "same", score: 0.9 }, REST);
    const wrong = await week(
      "2026-W11",
      ...[REST, { id: "new", score: 0.9 }, { id: "done", score: 0.9 }],
      ...[
        { id: "worse", score: 0.74 },
        { id: "same", score: 0.74 },
      ],
    );
    await ops.alerts.acknowledgeAlert({ ...(await seen("new")), note: "calling them" });
    await ops.alerts.commentOnAlert({ ...(await seen("new")), comment: "no answer" });
    await ops.alerts.resolveAlert({ ...(await seen("done")), disposition: Disposition.MITIGATED });
    await ops.alerts.acknowledgeAlert(await seen("worse"));
    const voided = await ops.batch.voidRun({ runId: wrong.runId, reason });
    expect(voided).toMatchObject({
      alertsClosed: { count: 1 },
      alertsKept: { count: 1 },
      alertsRestored: { count: 2 },
    });
    expect(await alertOf("new")).toMatchObject({ state: AlertState.RESOLVED, disposition: Disposition.VOID });
    expect((await historyOf("new")).map(({ kind, note }) => [kind, note])).toEqual([
      [AlertEventKind.VOIDED, reason],
      [AlertEventKind.COMMENTED, "no answer"],
      [AlertEventKind.ACKNOWLEDGED, "calling them"],
      [AlertEventKind.RAISED, ""],
    ]);
    expect(await alertOf("done")).toMatchObject({ disposition: Disposition.MITIGATED });
    // The run had changed the severity of both; one was acknowledged since.
    const [worse, same] = [await alertOf("worse"), await alertOf("same")];
    expect([worse.state, same.state]).toEqual([AlertState.ACKNOWLEDGED, AlertState.OPEN]);
    for (const alert of [worse, same])
      expect(alert).toMatchObject({ riskScore: 0.9, severity: 2, lastWeek: "2026-W10" });
  });

  test("in the middle of the weeks: the changes of the week after it are computed from the week before it", async () => {
    newModel();
    await week("2026-W10", { id: "a", score: 0.2 }, { id: "b", score: 0.5 }, REST);
    const wrong = await week("2026-W11", { id: "a", score: 0.9 }, REST);
    await week("2026-W12", { id: "a", score: 0.91 }, { id: "b", score: 0.6 }, REST);
    expect((await supplierOf("a")).supplier?.latestScore?.change).toBeCloseTo(0.01, 6);
    expect((await ops.suppliers.listSuppliers({ modelName, includeFacets: true })).facets).toBeDefined();
    await ops.batch.voidRun({ runId: wrong.runId, reason });
    const { supplier, history } = await supplierOf("a");
    expect(history.map(({ isoWeek, change }) => [isoWeek, change?.toFixed(2)])).toEqual([
      ["2026-W12", "0.71"],
      ["2026-W10", undefined],
    ]);
    expect(supplier?.latestScore?.change).toBeCloseTo(0.71, 6);
    expect((await alertOf("a")).scoreChange).toBeCloseTo(0.71, 12);
    const { risers } = await ops.reports.getWeek({ modelName });
    expect(risers.map(({ supplierId, change }) => [supplierId, change.toFixed(2)])).toEqual([
      [`${modelName}/a`, "0.71"],
      [`${modelName}/b`, "0.10"],
    ]);
    const listed = await ops.suppliers.listSuppliers({ modelName, includeFacets: true });
    expect(listed.suppliers.map(({ latestScore }) => latestScore?.change?.toFixed(2))).toEqual([
      "0.71",
      "0.10",
      "0.00",
    ]);
    // A later run selected the supplier too, so its alert stays.
    expect(await alertOf("a")).toMatchObject({ state: AlertState.OPEN, lastWeek: "2026-W12" });
  });

  test("two calls at the same time void it once; a run in progress and a missed week are not voided", async () => {
    newModel();
    const run = await week("2026-W10", { id: "a", score: 0.9 }, REST);
    const both = await Promise.all([1, 2, 3].map(() => ops.batch.voidRun({ runId: run.runId, reason })));
    expect(both.map(({ alertsClosed }) => alertsClosed?.count).sort()).toEqual([0, 0, 1]);
    expect(both.map(({ repeatedRequest }) => repeatedRequest).sort()).toEqual([false, true, true]);
    expect(await auditOf(run.runId)).toEqual(["run.completed", "alerts.evaluated", "run.voided"]);
    const { run: started } = await ops.batch.startRun({ isoWeek: "2026-W10", modelName, holder: "h" });
    expect(started).toMatchObject({ state: RunState.RUNNING, revision: 2 });
    const runId = started?.runId ?? 0;
    expect(await reasonOf(ops.batch.voidRun({ runId, reason }))).toEqual([Code.FailedPrecondition, "RUN_UNDER_WAY"]);
    expect(await reasonOf(ops.batch.voidRun({ runId: 999_999, reason }))).toEqual([Code.NotFound, "RUN_NOT_FOUND"]);
    const missed = await ops.batch.recordMissedWeek({ isoWeek: "2026-W11", modelName, reason });
    expect(await reasonOf(ops.batch.voidRun({ runId: missed.run?.runId ?? 0, reason }))).toEqual([
      Code.FailedPrecondition,
      "RUN_STATE",
    ]);
  });

  test("while the week is started again: either the void comes first, or it finds the run in progress", async () => {
    newModel();
    for (const isoWeek of ["2026-W10", "2026-W11", "2026-W12", "2026-W13"]) {
      const { run, lease } = await ops.batch.startRun({ isoWeek, modelName, holder: "first" });
      await ops.batch.failRun({ ...(lease && { lease }), reason: "disk full" });
      const runId = run?.runId ?? 0;
      const [voided, started] = await Promise.allSettled([
        ops.batch.voidRun({ runId, reason }),
        ops.batch.startRun({ isoWeek, modelName, holder: "second" }),
      ]);
      if (started.status === "rejected") throw started.reason;
      const isFirst = voided.status === "fulfilled";
      expect(started.value.run).toMatchObject({ state: RunState.RUNNING, revision: isFirst ? 2 : 1 });
      const { runs } = await ops.batch.listRuns({ pageSize: 200 });
      const ofWeek = runs.filter((one) => one.isoWeek === isoWeek && one.modelName === modelName);
      expect(ofWeek.map(({ state }) => state)).toEqual(
        isFirst ? [RunState.RUNNING, RunState.VOIDED] : [RunState.RUNNING],
      );
      // The lease of the first holder is of no use.
      expect((await failureOf(ops.batch.failRun({ ...(lease && { lease }), reason: "x" }))).code).toBe(Code.Aborted);
    }
  });
});

const FAILED = { kind: CheckKind.UNIT, outcome: CheckOutcome.FAILED, column: "spend", value: 98.5, limit: 20 };
const PASSED = { kind: CheckKind.ROWS, outcome: CheckOutcome.PASSED, value: 1 };
const FIGURES = { min: 4, p05: 4, p25: 4, median: 5, p75: 6, p95: 6, max: 6, mean: 5 };
const PROFILE = [{ column: "spend", rows: 2n, missing: 0n, distinct: 2n, ...FIGURES }];

describe("a run that is held", () => {
  const isoWeek = "2026-W20";
  const [SOURCE, OTHER] = ["1".repeat(64), "2".repeat(64)];
  const start = (sourceDigest = SOURCE, holder = "h") =>
    ops.batch.startRun({ isoWeek, modelName, holder, sourceDigest });
  const complete = (lease: Awaited<ReturnType<typeof start>>["lease"], checks = [PASSED, FAILED]) =>
    ops.batch.completeRun({ ...(lease && { lease }), rowsRead: 1n, chunksTotal: 1, checks, profile: PROFILE });

  test("publishes nothing, keeps checks and profile, and goes on only when it is approved", async () => {
    newModel();
    const { run, lease } = await start();
    const held = { ...(lease && { lease }), checks: [PASSED, FAILED], profile: PROFILE };
    expect((await ops.batch.holdRun(held)).run).toMatchObject({
      ...{ state: RunState.HELD, checksFailed: 1, checks: [FAILED, PASSED] },
    });
    expect((await ops.batch.holdRun(held)).run?.state).toBe(RunState.HELD);
    const again = await start(SOURCE, "another");
    expect([again.run?.state, again.lease]).toEqual([RunState.HELD, undefined]);
    expect(await reasonOf(ops.batch.failRun({ ...(lease && { lease }), reason }))).toEqual([
      Code.FailedPrecondition,
      "RUN_HELD",
    ]);
    const runId = run?.runId ?? 0;
    expect(await ops.batch.approveRun({ runId, reason: "prices rose" })).toMatchObject({
      run: { state: RunState.HELD, approved: { reason: "prices rose", actor: "anonymous" } },
      repeatedRequest: false,
    });
    const both = await Promise.all(["again", "and again"].map((text) => ops.batch.approveRun({ runId, reason: text })));
    for (const one of both)
      expect(one).toMatchObject({ run: { approved: { reason: "prices rose" } }, repeatedRequest: true });
    const next = await start(SOURCE, "another");
    expect(next).toMatchObject({ run: { state: RunState.RUNNING, runId }, approved: { reason: "prices rose" } });
    // The lease from before is stale.
    expect((await failureOf(ops.batch.holdRun(held))).code).toBe(Code.Aborted);
    const holdAgain = ops.batch.holdRun({ ...held, ...(next.lease && { lease: next.lease }) });
    expect(await reasonOf(holdAgain)).toEqual([Code.FailedPrecondition, "RUN_STATE"]);
    await ops.batch.submitChunk(testChunk(next.lease, 0, own([{ id: "a", score: 0.2 }])));
    expect((await complete(next.lease)).run).toMatchObject({
      state: RunState.COMPLETE,
      approved: { actor: "anonymous" },
    });
    expect(await reasonOf(ops.batch.approveRun({ runId, reason }))).toEqual([Code.FailedPrecondition, "RUN_STATE"]);
    expect(await auditOf(runId)).toEqual(["run.held", "run.approved", "run.completed"]);
    const following = await ops.batch.startRun({ isoWeek: "2026-W21", modelName, holder: "h", sourceDigest: SOURCE });
    expect(following).toMatchObject({
      ...{ previousWeek: isoWeek, previousSuppliers: 1n, previousRows: 1n, sameSourceWeek: isoWeek },
      previousProfile: [{ column: "spend", rows: 2n, ...FIGURES }],
    });
  });

  test("keeps its approval: another file or configuration is rejected until the run is voided", async () => {
    newModel();
    const first = await start();
    await ops.batch.holdRun({ ...(first.lease && { lease: first.lease }), checks: [FAILED] });
    await ops.batch.approveRun({ runId: first.run?.runId ?? 0, reason });
    const failure = await failureOf(start(OTHER, "another"));
    expect(failure.rawMessage).toBe(
      `revision 1 of ${first.run?.isoWeek} (run ${first.run?.runId}) is held: anonymous has approved it with another file or configuration; void it (VoidRun), then run this one`,
    );
    const configHash = "3".repeat(64);
    const { lease } = await ops.batch.startRun({ isoWeek, modelName, holder: "h", sourceDigest: SOURCE, configHash });
    expect(lease).toBeDefined();
    const other = { isoWeek, modelName, holder: "h", sourceDigest: SOURCE, configHash: "4".repeat(64) };
    expect(await reasonOf(ops.batch.startRun(other))).toEqual([Code.FailedPrecondition, "RUN_STATE"]);
    // A failed run begins again with a corrected file, whoever approved the one before.
    await ops.batch.failRun({ ...(lease && { lease }), reason: "disk full" });
    const anew = await start(OTHER, "another");
    expect([anew.run?.state, anew.approved, anew.begunAnew]).toEqual([RunState.RUNNING, undefined, true]);
  });

  test("begins again with another file, and is held again for its own checks", async () => {
    newModel();
    const first = await start();
    await ops.batch.holdRun({ ...(first.lease && { lease: first.lease }), checks: [FAILED] });
    const { run, lease, begunAnew, approved } = await start(OTHER, "another");
    expect([run?.state, run?.checks, approved, begunAnew]).toEqual([RunState.RUNNING, [], undefined, true]);
    await ops.batch.submitChunk(testChunk(lease, 0, own([{ id: "a", score: 0.9 }])));
    expect(await reasonOf(complete(lease))).toEqual([Code.FailedPrecondition, "CHECKS_FAILED"]);
    const { run: held } = await ops.batch.getRun({ isoWeek, modelName });
    expect(held).toMatchObject({ state: RunState.HELD, checks: [FAILED, PASSED], bands: [] });
    expect(await reasonOf(alertsOf())).toEqual([Code.NotFound, "MODEL_NOT_SCORED"]);
    const { run: voided } = await ops.batch.voidRun({ runId: held?.runId ?? 0, reason });
    expect(voided?.state).toBe(RunState.VOIDED);
    expect((await start()).run).toMatchObject({ state: RunState.RUNNING, revision: 2 });
  });

  test("an approval given beforehand approves failed checks too, and says which", async () => {
    newModel();
    const { run, lease } = await start();
    await ops.batch.submitChunk(testChunk(lease, 0, own([{ id: "a", score: 0.2 }])));
    const { run: done } = await ops.batch.completeRun({
      ...{ ...(lease && { lease }), rowsRead: 1n, chunksTotal: 1, checks: [FAILED] },
      acceptLosses: { reason: "prices rose", actor: "" },
    });
    expect(done).toMatchObject({ state: RunState.COMPLETE, approved: { reason: "prices rose", actor: "anonymous" } });
    const { records } = await ops.audit.queryEvents({ kind: "run.checks_accepted", subject: `run/${run?.runId}` });
    expect(JSON.parse(records[0]?.event?.payloadJson ?? "")).toMatchObject({
      checks: [{ kind: "unit", column: "spend", value: 98.5, limit: 20 }],
    });
  });

  test("only a failed check holds a run, and only a held run is approved", async () => {
    newModel();
    const { run, lease } = await start();
    const held = ops.batch.holdRun({ ...(lease && { lease }), checks: [PASSED] });
    expect(await reasonOf(held)).toEqual([Code.InvalidArgument, "RUN_CHECKS"]);
    const approval = ops.batch.approveRun({ runId: run?.runId ?? 0, reason });
    expect(await reasonOf(approval)).toEqual([Code.FailedPrecondition, "RUN_STATE"]);
  });
});

describe("a week that was missed", () => {
  test("has a run with the reason, which a later start of the week continues", async () => {
    newModel();
    await week("2026-W29", { id: "a", score: 0.2 });
    const isoWeek = "2026-W30";
    const missing = { isoWeek, modelName, reason: " no file until the deadline\u200b" };
    const { run } = await ops.batch.recordMissedWeek(missing);
    expect(run).toMatchObject({ state: RunState.MISSED, missedReason: "no file until the deadline" });
    const again = await ops.batch.recordMissedWeek({ isoWeek, modelName, reason });
    expect(again.run).toEqual(run);
    const late = await week(isoWeek, { id: "a", score: 0.2 });
    expect(late).toMatchObject({ runId: run?.runId, state: RunState.COMPLETE, missedReason: run?.missedReason });
    expect(await auditOf(late.runId)).toEqual(["run.missed", "run.completed"]);
    expect(await reasonOf(ops.batch.recordMissedWeek({ isoWeek, modelName, reason }))).toEqual([
      Code.FailedPrecondition,
      "RUN_STATE",
    ]);
    const future = ops.batch.recordMissedWeek({ isoWeek: "2027-W02", modelName, reason });
    expect(await reasonOf(future)).toEqual([Code.InvalidArgument, "FUTURE_WEEK"]);
  });
});

describe("a week that is superseded", () => {
  test("is shown until its revision is complete, which says what changed", async () => {
    newModel();
    await week("2026-W10", { id: "kept", score: 0.3 }, { id: "cleared", score: 0.9 }, { id: "down", score: 0.9 }, REST);
    const first = await week(
      "2026-W11",
      ...[
        { id: "kept", score: 0.9 },
        { id: "wrong", score: 0.95 },
        { id: "cleared", score: 0.9 },
        { id: "down", score: 0.74 },
        // Without a score, in both revisions or in one of them.
        { id: "unknown" },
        { id: "gone" },
      ],
      REST,
    );
    await ops.alerts.acknowledgeAlert(await seenAlert(ops, (await alertOf("kept")).alertId));
    const kept = await historyOf("kept");
    const requested = await ops.batch.supersedeRun({ runId: first.runId, reason });
    expect(requested).toMatchObject({
      run: { state: RunState.COMPLETE, supersedeRequested: { reason, actor: "anonymous" } },
      repeatedRequest: false,
    });
    expect(await ops.batch.supersedeRun({ runId: first.runId, reason: "again" })).toMatchObject({
      run: { supersedeRequested: { reason } },
      repeatedRequest: true,
    });
    const { run, lease } = await ops.batch.startRun({ isoWeek: "2026-W11", modelName, holder: "h" });
    expect(run).toMatchObject({ revision: 2, supersedesRunId: first.runId });
    expect((await supplierOf("wrong")).supplier?.latestScore?.riskScore).toBe(0.95);
    const corrected = own([
      { id: "kept", score: 0.91 },
      { id: "wrong", score: 0.2 },
      { id: "missed", score: 0.9 },
      { id: "cleared", score: 0.9 },
      { id: "down", score: 0.9 },
      { id: "unknown" },
      REST,
    ]);
    await ops.batch.submitChunk(testChunk(lease, 0, corrected));
    const { run: second } = await ops.batch.completeRun({ ...(lease && { lease }), rowsRead: 7n, chunksTotal: 1 });
    expect(second).toMatchObject({
      ...{ state: RunState.COMPLETE, supersedesRunId: first.runId },
      changes: {
        ...{ suppliers: 6n, scoresChanged: 3n, maxScoreChange: 0.75, bandsChanged: 1n },
        ...{ suppliersAdded: 1n, suppliersRemoved: 1n },
        alertsRaised: { count: 1, alertIds: [(await alertOf("missed")).alertId] },
        alertsCleared: { count: 1, alertIds: [(await alertOf("wrong")).alertId] },
        alertsChanged: { count: 1, alertIds: [(await alertOf("down")).alertId] },
      },
    });
    const { run: old } = await ops.batch.getRun({ runId: first.runId });
    expect(old).toMatchObject({ state: RunState.SUPERSEDED, supersededByRunId: second?.runId });
    expect(old?.supersedeRequested).toBeUndefined();
    for (const [decide, only] of [
      [ops.batch.approveRun, "only a held run can be approved"],
      [ops.batch.voidRun, "only a complete, held or failed run can be voided"],
    ] as const) {
      const rejected = await failureOf(decide({ runId: first.runId, reason }));
      expect(rejected.rawMessage).toContain(
        `is superseded: ${only}; decide about the later revision, which replaced it`,
      );
    }
    // Both revisions raise this alert: it stays as somebody left it, with the scores of the second one.
    expect(await alertOf("kept")).toMatchObject({ state: AlertState.ACKNOWLEDGED, riskScore: 0.91 });
    expect(await historyOf("kept")).toEqual(kept);
    expect(await alertOf("wrong")).toMatchObject({ state: AlertState.RESOLVED, disposition: Disposition.VOID });
    expect((await historyOf("wrong"))[0]).toMatchObject({
      ...{ kind: AlertEventKind.VOIDED, actor: "rules", detail: "Revision 2 of 2026-W11 does not raise it." },
    });
    expect(await alertOf("down")).toMatchObject({ severity: 2, riskScore: 0.9 });
    const report = await ops.reports.getWeek({ modelName });
    expect(report).toMatchObject({ isoWeek: "2026-W11", alerts: { raised: 2n, better: 0n, cleared: 0n } });
    // The weekly report has the alerts of the week, as the run has, and what the revision changed beside them.
    const { content } = await ops.reports.getReport({ modelName, format: ReportFormat.JSON });
    expect(second?.alertsRaised).toBe(2);
    const weekly = JSON.parse(content);
    expect(weekly.alerts).toMatchObject({ raised: { count: 2 }, cleared: { count: 0 } });
    const raised = weekly.alerts.raised.entries.map((one: { alert_id: string }) => one.alert_id);
    expect(raised.sort()).toEqual([(await alertOf("kept")).alertId, (await alertOf("missed")).alertId].sort());
    expect(weekly.revision_changes).toMatchObject({ scores_changed: 3, alerts_raised: 1, alerts_cleared: 1 });
    expect((await supplierOf("wrong")).history.map(({ riskScore }) => riskScore)).toEqual([0.2]);
    expect(await auditOf(first.runId)).toEqual([
      ...["run.completed", "alerts.evaluated", "run.supersede_requested", "run.superseded"],
    ]);
    // Withdrawing the second revision leaves the alerts as they were before the week.
    const { alertsClosed } = await ops.batch.voidRun({ runId: second?.runId ?? 0, reason });
    expect(alertsClosed?.alertIds).toEqual(
      [(await alertOf("kept")).alertId, (await alertOf("missed")).alertId].toSorted(),
    );
    expect(await alertOf("down")).toMatchObject({ severity: 2, riskScore: 0.9, lastWeek: "2026-W10" });
    expect((await ops.reports.getWeek({ modelName })).isoWeek).toBe("2026-W10");
  });

  test("a failed revision is voided, and the week stays as it was", async () => {
    newModel();
    const first = await week("2026-W11", { id: "a", score: 0.9 }, REST);
    await ops.batch.supersedeRun({ runId: first.runId, reason });
    const { run, lease } = await ops.batch.startRun({ isoWeek: "2026-W11", modelName, holder: "h" });
    await ops.batch.failRun({ ...(lease && { lease }), reason: "disk full" });
    expect((await supplierOf("a")).supplier?.latestScore?.riskScore).toBe(0.9);
    await ops.batch.voidRun({ runId: run?.runId ?? 0, reason });
    const { run: still } = await ops.batch.getRun({ runId: first.runId });
    expect([still?.state, still?.supersedeRequested]).toEqual([RunState.COMPLETE, undefined]);
    expect((await ops.batch.startRun({ isoWeek: "2026-W11", modelName, holder: "h" })).run?.runId).toBe(first.runId);
    expect(await reasonOf(ops.batch.supersedeRun({ runId: run?.runId ?? 0, reason }))).toEqual([
      Code.FailedPrecondition,
      "RUN_STATE",
    ]);
  });
});
