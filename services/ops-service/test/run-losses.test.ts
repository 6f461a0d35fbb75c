import { createRiskPolicy } from "@bellwether/config/risk-policy";
import { CheckKind, CheckOutcome, LossLimit, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failureOf, type OpsHarness, startOps, testChunk } from "./ops-harness.ts";

const POLICY = createRiskPolicy({ maxRejectedShare: 0.02, maxRejectedRows: 10, minSuppliersShare: 0.7 });
/** A day in 2026-W48. */
const NOW = new Date("2026-11-28T12:00:00Z");

let cluster: PostgresServer;
let ops: OpsHarness;
let url = "";

beforeAll(async () => {
  cluster = await usePostgres();
  url = await cluster.createDatabase();
  ops = await startOps(url, { riskPolicy: POLICY, now: () => NOW });
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

async function inDatabase<T extends object>(query: string): Promise<T[]> {
  const pool = await openPostgres(url, { max: 1 });
  try {
    return (await pool.query<T>(query)).rows;
  } finally {
    await pool.close();
  }
}

const SOURCE = "1".repeat(64);
const CONFIG = "2".repeat(64);

interface Week {
  readonly isoWeek: string;
  readonly modelName: string;
  readonly suppliers: number;
  readonly faulty?: number;
  readonly rejected?: number;
  readonly repeated?: number;
  readonly score?: number;
}

/** Starts a week and submits its rows in one chunk. A chunk that was received before is not sent again. */
async function begin({ isoWeek, modelName, suppliers, faulty = 0, score = 0.5 }: Week, sourceDigest = SOURCE) {
  const start = { isoWeek, modelName, holder: `${isoWeek} ${Math.random()}`, sourceDigest, configHash: CONFIG };
  const started = await ops.batch.startRun(start);
  const rows = Array.from({ length: suppliers + faulty }, (_, i) => ({
    ...{ id: `${modelName}-${i}`, score },
    isInvalid: i >= suppliers,
  }));
  if (started.lease && started.receivedChunks.length === 0)
    await ops.batch.submitChunk(testChunk(started.lease, 0, rows));
  return started;
}

function totalsOf({ suppliers, faulty = 0, rejected = 0, repeated = 0 }: Week) {
  const read = { rowsRead: BigInt(suppliers + faulty + rejected), rowsRejected: BigInt(rejected) };
  return { ...read, rowsRepeated: BigInt(repeated), chunksTotal: 1 };
}

async function runWhole(week: Week, acceptLosses?: { reason: string; actor: string }, sourceDigest = SOURCE) {
  const { lease } = await begin(week, sourceDigest);
  return ops.batch.completeRun({
    ...(lease && { lease }),
    ...totalsOf(week),
    ...(acceptLosses && { acceptLosses }),
  });
}

const visibleScores = (runId: number | undefined) =>
  inDatabase(`select from bellwether.score where run = ${runId ?? 0}`);
const alertsOf = (modelName: string) =>
  inDatabase(
    `select a.last_run_id from bellwether.alert a join bellwether.supplier s on s.id = a.supplier_id where starts_with(s.external_id, '${modelName}-')`,
  );
const eventsOf = async (runId: number | undefined) =>
  (await ops.audit.queryEvents({ subject: `run/${runId}` })).records.map(({ event }) => event);

describe("a run that lost more than the risk policy allows", () => {
  const WEEK: Week = { isoWeek: "2026-W20", modelName: "lossy", suppliers: 500, faulty: 4, rejected: 8, score: 0.9 };

  test("is held with its numbers, publishes nothing, and is not started again without a decision", async () => {
    const failure = await failureOf(runWhole(WEEK));
    expect([failure.code, failure.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([
      Code.FailedPrecondition,
      "LOSS_LIMIT",
    ]);
    expect(failure.rawMessage).toBe(
      "2026-W20 is held: 12 rows rejected, 2.35 % of the rows (limits: 2 % and 10 rows); correct the file and run the week again, approve the run (ApproveRun), void it (VoidRun), or accept the losses with a reason (accept_losses)",
    );
    const { run } = await ops.batch.getRun({ isoWeek: WEEK.isoWeek, modelName: WEEK.modelName });
    expect(run).toMatchObject({ state: RunState.HELD, failure: "", policyHash: POLICY.policyHash, checksFailed: 1 });
    expect(run?.checks).toMatchObject([
      {
        ...{ kind: CheckKind.REJECTED_ROWS, outcome: CheckOutcome.FAILED, limit: 0.02 },
        ...{ value: 12 / 512, detail: "12 rows rejected, 2.35 % of the rows (limits: 2 % and 10 rows)" },
      },
    ]);
    expect(run?.losses).toMatchObject({
      ...{ rowsRejected: 12n, maxRejectedRows: 10n, maxRejectedShare: 0.02, exceeded: [LossLimit.REJECTED_ROWS] },
      ...{ suppliers: 500n, previousWeek: "" },
    });
    expect(run?.losses?.accepted).toBeUndefined();
    // Another holder gets no lease.
    expect((await begin(WEEK)).lease).toBeUndefined();
    expect(await visibleScores(run?.runId)).toEqual([]);
    expect(await alertsOf(WEEK.modelName)).toEqual([]);
    expect((await eventsOf(run?.runId)).map((event) => event?.kind)).toEqual(["run.held"]);
  });

  test("goes on with its chunks when a person approves it, and shows the losses with the approval", async () => {
    const week = { ...WEEK, modelName: "approved" };
    await failureOf(runWhole(week));
    const { run: held } = await ops.batch.getRun({ isoWeek: week.isoWeek, modelName: week.modelName });
    await ops.batch.approveRun({ runId: held?.runId ?? 0, reason: "the branch in Lyon was sold" });
    const started = await begin(week);
    expect(started).toMatchObject({ receivedChunks: [0], begunAnew: false, approved: { actor: "anonymous" } });
    const { run } = await ops.batch.completeRun({
      ...(started.lease && { lease: started.lease }),
      ...totalsOf(week),
      // The input passed: only the rows that could not be scored exceed the limit.
      checks: [{ kind: CheckKind.REJECTED_ROWS, outcome: CheckOutcome.PASSED, detail: "8 rows rejected" }],
    });
    expect(run).toMatchObject({ state: RunState.COMPLETE, rowsScored: 500n, checksFailed: 1 });
    expect(run?.losses?.accepted).toMatchObject({ reason: "the branch in Lyon was sold", actor: "anonymous" });
    expect(run?.checks[0]).toMatchObject({ kind: CheckKind.REJECTED_ROWS, outcome: CheckOutcome.FAILED });
  });

  test("is held again, with all failed checks, when it was approved for others only", async () => {
    const week = { ...WEEK, modelName: "twice" };
    const unit = { kind: CheckKind.UNIT, outcome: CheckOutcome.FAILED, column: "spend", detail: "100 times" };
    const first = await begin(week);
    await ops.batch.holdRun({ ...(first.lease && { lease: first.lease }), checks: [unit] });
    await ops.batch.approveRun({ runId: first.run?.runId ?? 0, reason: "cents since June" });
    const { lease } = await begin(week);
    const complete = { ...(lease && { lease }), ...totalsOf(week), checks: [unit] };
    expect((await failureOf(ops.batch.completeRun(complete))).rawMessage).toContain("is held: 12 rows rejected");
    const { run } = await ops.batch.getRun({ isoWeek: week.isoWeek, modelName: week.modelName });
    expect(run).toMatchObject({ state: RunState.HELD, checksFailed: 2 });
    expect(run?.approved).toBeUndefined();
  });

  test("is published when somebody accepts the losses, and the audit log records who and why", async () => {
    const accepted = { reason: "the branch in Lyon was sold", actor: "jane.doe" };
    // A start without the acceptance leaves the run held.
    const start = { isoWeek: WEEK.isoWeek, modelName: WEEK.modelName, sourceDigest: SOURCE, configHash: CONFIG };
    const { lease } = await ops.batch.startRun({ ...start, holder: "one", acceptLosses: accepted });
    const totals = { ...(lease && { lease }), ...totalsOf(WEEK), acceptLosses: accepted };
    const { run } = await ops.batch.completeRun(totals);
    expect(run).toMatchObject({ state: RunState.COMPLETE, rowsScored: 500n, failure: "", losses: { accepted } });
    expect(await visibleScores(run?.runId)).toHaveLength(500);
    const events = await eventsOf(run?.runId);
    expect(events.map((event) => event?.kind).sort()).toEqual([
      "alerts.evaluated",
      "run.approved",
      "run.completed",
      "run.held",
      "run.losses_accepted",
    ]);
    const event = events.find((one) => one?.kind === "run.losses_accepted");
    expect(event?.actor).toBe("jane.doe");
    expect(JSON.parse(event?.payloadJson ?? "")).toMatchObject({
      ...{ isoWeek: "2026-W20", reason: accepted.reason, rowsRejected: 12, policyHash: POLICY.policyHash },
      exceeded: ["rejected_rows"],
    });
  });

  test("is published at exactly the limits of the policy, and rows that repeat others exactly are not counted", async () => {
    const within = { ...WEEK, modelName: "within", faulty: 5, rejected: 5 };
    expect((await runWhole(within)).run).toMatchObject({ state: RunState.COMPLETE, losses: { exceeded: [] } });
    const repeated = { ...WEEK, modelName: "repeated", faulty: 0, rejected: 400, repeated: 400 };
    expect((await runWhole(repeated)).run).toMatchObject({
      ...{ state: RunState.COMPLETE, rowsRejected: 400n },
      losses: { rowsRejected: 0n, rowsRepeated: 400n, exceeded: [] },
    });
  });

  test("an acceptance that was not needed is not recorded", async () => {
    const week = { ...WEEK, modelName: "needless", faulty: 0, rejected: 0 };
    const { run } = await runWhole(week, { reason: "to be safe", actor: "jane.doe" });
    expect(run?.losses?.accepted).toBeUndefined();
    expect((await eventsOf(run?.runId)).map((event) => event?.kind).sort()).toEqual([
      "alerts.evaluated",
      "run.completed",
    ]);
  });
});

describe("a run with fewer suppliers than the week before", () => {
  const first: Week = { isoWeek: "2026-W30", modelName: "shrunk", suppliers: 100, score: 0.9 };

  test("is compared with the newest complete earlier week of its own model", async () => {
    await runWhole(first);
    await runWhole({ ...first, isoWeek: "2026-W29", modelName: "other", suppliers: 1_000 });
    const before = await alertsOf("shrunk");
    expect(before).not.toEqual([]);
    const short = { ...first, isoWeek: "2026-W32", suppliers: 69, score: 0.1 };
    const failure = await failureOf(runWhole(short));
    expect(failure.rawMessage).toContain("2026-W32 is held: 69 suppliers, 69 % of the 100 of 2026-W30 (limit: 70 %);");
    expect(await alertsOf("shrunk")).toEqual(before);
    expect((await runWhole({ ...short, isoWeek: "2026-W31", suppliers: 70 })).run?.state).toBe(RunState.COMPLETE);
    // W31 is now the newest earlier week: 69 of its 70 suppliers are enough for a run with the same rows.
    const { run: held } = await ops.batch.getRun({ isoWeek: short.isoWeek, modelName: short.modelName });
    await ops.batch.voidRun({ runId: held?.runId ?? 0, reason: "W31 came later" });
    expect((await runWhole(short)).run).toMatchObject({
      state: RunState.COMPLETE,
      losses: { previousWeek: "2026-W31" },
    });
  });
});

describe("an unfinished run", () => {
  const week: Week = { isoWeek: "2026-W21", modelName: "anew", suppliers: 500, faulty: 50 };

  test("begins again with another source: its chunks are dropped, and only the corrected file counts", async () => {
    const kept = await begin(week);
    expect(await begin(week)).toMatchObject({ begunAnew: false, receivedChunks: [0], run: { sourceDigest: SOURCE } });
    expect(kept.lease).toBeDefined();
    await failureOf(runWhole(week));
    const corrected = { ...week, suppliers: 550, faulty: 0 };
    const anew = await begin(corrected, "3".repeat(64));
    expect(anew).toMatchObject({ begunAnew: true, receivedChunks: [], run: { rowsScored: 0n, chunksReceived: 0 } });
    expect(anew.run).toMatchObject({ sourceDigest: "3".repeat(64), failure: "", inputDigest: "" });
    const { run } = await ops.batch.completeRun({ ...(anew.lease && { lease: anew.lease }), ...totalsOf(corrected) });
    expect(run).toMatchObject({ state: RunState.COMPLETE, rowsScored: 550n, rowsRejected: 0n });
    expect(await visibleScores(run?.runId)).toHaveLength(550);
  });

  test("begins again with another configuration, and the first holder is rejected", async () => {
    const start = { isoWeek: "2026-W22", modelName: "anew", holder: "one", sourceDigest: SOURCE, configHash: CONFIG };
    const first = await ops.batch.startRun(start);
    await ops.batch.submitChunk(testChunk(first.lease, 0, [{ id: "anew-1", score: 0.1 }]));
    const other = await ops.batch.startRun({ ...start, configHash: "4".repeat(64) });
    expect(other).toMatchObject({ begunAnew: true, receivedChunks: [], run: { configHash: "4".repeat(64) } });
    const late = await failureOf(ops.batch.submitChunk(testChunk(first.lease, 1, [{ id: "anew-2", score: 0.1 }])));
    expect(late.code).toBe(Code.Aborted);
  });

  test("a run in progress with another source is not taken over until its holder was silent for 30 s", async () => {
    const start = { isoWeek: "2026-W24", modelName: "anew", holder: "one", sourceDigest: SOURCE, configHash: CONFIG };
    const first = await ops.batch.startRun(start);
    await ops.batch.submitChunk(testChunk(first.lease, 0, [{ id: "anew-1", score: 0.1 }]));
    const second = { ...start, holder: "two", sourceDigest: "5".repeat(64) };
    const failure = await failureOf(ops.batch.startRun(second));
    expect(failure.code).toBe(Code.FailedPrecondition);
    expect(failure.findDetails(ErrorInfoSchema)[0]?.reason).toBe("RUN_UNDER_WAY");
    // Nothing of the run was dropped, and its holder goes on.
    await ops.batch.submitChunk(testChunk(first.lease, 1, [{ id: "anew-2", score: 0.1 }]));
    const age = (seconds: number) =>
      inDatabase(
        `update bellwether.run set last_write_at = clock_timestamp() - interval '${seconds} s' where id = ${first.run?.runId}`,
      );
    await age(10);
    expect((await failureOf(ops.batch.startRun(second))).code).toBe(Code.FailedPrecondition);
    await age(31);
    expect(await ops.batch.startRun(second)).toMatchObject({ begunAnew: true, receivedChunks: [] });
  });

  test("a failed run is taken over with another source at once, and a run in progress with the same source too", async () => {
    const start = { isoWeek: "2026-W25", modelName: "anew", holder: "one", sourceDigest: SOURCE, configHash: CONFIG };
    await ops.batch.startRun(start);
    const same = await ops.batch.startRun({ ...start, holder: "two" });
    expect(same.begunAnew).toBe(false);
    await ops.batch.failRun({ ...(same.lease && { lease: same.lease }), reason: "stopped" });
    const other = { ...start, holder: "three", sourceDigest: "5".repeat(64) };
    expect(await ops.batch.startRun(other)).toMatchObject({ begunAnew: true });
  });

  test("continues when the source is not known, for example when an older scheduler began it", async () => {
    const start = { isoWeek: "2026-W23", modelName: "anew", holder: "one" };
    const first = await ops.batch.startRun(start);
    await ops.batch.submitChunk(testChunk(first.lease, 0, [{ id: "anew-1", score: 0.1 }]));
    const second = await ops.batch.startRun({ ...start, holder: "two", sourceDigest: SOURCE });
    expect(second).toMatchObject({ begunAnew: false, receivedChunks: [0], run: { sourceDigest: SOURCE } });
  });
});

describe("a week that has not begun", () => {
  const start = { isoWeek: "2026-W49", modelName: "future", holder: "one" };

  test("is rejected by field name, and starts nothing", async () => {
    const failure = await failureOf(ops.batch.startRun(start));
    expect([failure.code, failure.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([
      Code.InvalidArgument,
      "FUTURE_WEEK",
    ]);
    expect(failure.rawMessage).toContain("2026-W49 has not begun, the current ISO week is 2026-W48");
    expect(await inDatabase("select from bellwether.run where model_name = 'future'")).toEqual([]);
    expect((await ops.batch.startRun({ ...start, isoWeek: "2026-W48" })).lease).toBeDefined();
  });

  test("starts nothing more than 8 weeks ahead, even when it is forced, nor more than 30 years back", async () => {
    const forceFuture = { reason: "a slip", actor: "jane.doe" };
    const reasonOf = async (isoWeek: string) => {
      const failure = await failureOf(ops.batch.startRun({ ...start, isoWeek, forceFuture }));
      return [failure.code, failure.findDetails(ErrorInfoSchema)[0]?.reason];
    };
    expect(await reasonOf("9999-W01")).toEqual([Code.InvalidArgument, "FUTURE_WEEK"]);
    expect(await reasonOf("0000-W01")).toEqual([Code.InvalidArgument, "ISO_WEEK"]);
    expect(await inDatabase("select from bellwether.run where iso_week in ('9999-W01', '0000-W01')")).toEqual([]);
  });

  test("starts when it is forced, and the audit log records who and why, once", async () => {
    const forceFuture = { reason: "rehearsal of the year's end", actor: "jane.doe" };
    const { run } = await ops.batch.startRun({ ...start, forceFuture });
    expect(run).toMatchObject({ state: RunState.RUNNING, forceFuture });
    await ops.batch.startRun({ ...start, holder: "two", forceFuture });
    const events = await eventsOf(run?.runId);
    expect(events).toMatchObject([{ kind: "run.future_forced", actor: "jane.doe" }]);
    expect(JSON.parse(events[0]?.payloadJson ?? "")).toMatchObject({ isoWeek: "2026-W49", reason: forceFuture.reason });
    // Another attempt continues the run, for example after its approval, and needs no reason.
    expect((await ops.batch.startRun({ ...start, holder: "three" })).run).toMatchObject({ forceFuture });
    expect(await eventsOf(run?.runId)).toHaveLength(1);
  });
});

test("a run that a later complete week overtakes names that week in the response, the run and the audit log", async () => {
  const later: Week = { isoWeek: "2026-W41", modelName: "overtaken", suppliers: 5, score: 0.9 };
  expect((await runWhole(later)).run?.overtakenBy).toBe("");
  const { run } = await runWhole({ ...later, isoWeek: "2026-W40" });
  expect(run).toMatchObject({ state: RunState.COMPLETE, overtakenBy: "2026-W41", alertsRaised: 0 });
  expect((await ops.batch.getRun({ isoWeek: "2026-W40", modelName: "overtaken" })).run?.overtakenBy).toBe("2026-W41");
  expect((await ops.batch.listRuns({})).runs.find(({ runId }) => runId === run?.runId)?.overtakenBy).toBe("2026-W41");
  const [event] = await eventsOf(run?.runId);
  expect(JSON.parse(event?.payloadJson ?? "")).toMatchObject({ overtakenBy: "2026-W41", alertsRaised: 0 });
});

test("more repeated rows than rejected rows are rejected", async () => {
  const week: Week = { isoWeek: "2026-W42", modelName: "sum", suppliers: 5, rejected: 1, repeated: 2 };
  const failure = await failureOf(runWhole(week));
  expect([failure.code, failure.rawMessage]).toEqual([
    Code.FailedPrecondition,
    expect.stringContaining("2 repeated rows are more than the 1 rejected"),
  ]);
});
