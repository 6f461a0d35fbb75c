import { readFile } from "node:fs/promises";
import { newestIsoWeek } from "@bellwether/contract/iso-week";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { CheckKind, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { weekCsv } from "../../services/scheduler-service/test/weekly-fixture.ts";
import { closeGate } from "./gate.ts";
import { createWeek, lastProgress, startMesh, trigger, type WeeklyMesh } from "./harness.ts";

// Each test starts two or three processes, and waits seconds for locks and retries.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let mesh: WeeklyMesh;
beforeAll(async () => {
  mesh = await startMesh();
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

const onPostgres = async () => ({ DATABASE_URL: await mesh.cluster.createDatabase() });
const runOf = async (isoWeek: string) => {
  const ledger = createClient(BatchService, createGrpcTransport({ baseUrl: mesh.ops.now.grpc }));
  return (await ledger.getRun({ isoWeek })).run;
};
const eventsOf = async (runId: number | undefined) => {
  const audit = createClient(AuditService, createGrpcTransport({ baseUrl: mesh.ops.now.grpc }));
  return (await audit.queryEvents({ subject: `run/${runId}` })).records.map(({ event }) => event);
};

/** Returns what every reader sees of all weeks: the number of scores, and a digest of the alerts. */
async function published(): Promise<object | undefined> {
  const pool = await openPostgres(mesh.databaseUrl, { max: 1 });
  try {
    const { rows } = await pool.query<object>(
      `select (select count(*)::int from bellwether.score) as scores,
         (select md5(coalesce(string_agg(a::text, ',' order by a.id), '')) from bellwether.alert a) as alerts`,
    );
    return rows[0];
  } finally {
    await pool.close();
  }
}

test("a week with too many losses is held: not published at once, not by retries, not after ops-service is killed while it holds the week", async () => {
  await using good = await createWeek(mesh, 20);
  await good.writeFile(weekCsv(1_000));
  expect((await good.runOnce()).code).toBe(0);
  const before = await published();
  await using lossy = await createWeek(mesh, 21);
  await lossy.writeFile(weekCsv(1_000, { broken: 400 }));
  await using gate = await closeGate(mesh.databaseUrl, "held");
  await using scheduler = await lossy.startScheduler(await onPostgres());
  const jobId = await trigger(scheduler, lossy);
  await gate.reached();
  await mesh.ops.now.kill();
  await gate.open();
  await mesh.ops.restart();
  const failure =
    '2026-W21 is held, and nothing of it is published: 600 suppliers, 60 % of the 1000 of 2026-W20 (limit: 70 %); 400 rows rejected, 40 % of the rows (limits: 2 % and 10 rows). Rejected: 400 rows, avg_payment_delay_days: not a number (for example line 2 of week.csv: "soon"). Publish it (bellwether weekly approve --week 2026-W21 --model supplier-risk --reason TEXT), withdraw it (bellwether weekly void --week 2026-W21 --model supplier-risk --reason TEXT), or run a corrected file';
  // In the first attempt, ops-service did not answer. The second attempt exceeded the limits, and there was
  // no third.
  expect(await lastProgress(scheduler, jobId)).toMatchObject({ state: RunState.HELD, failure });
  const run = await runOf("2026-W21");
  expect(run).toMatchObject({ state: RunState.HELD, checksFailed: 2 });
  expect(run?.checks.slice(0, 2).map(({ kind }) => kind)).toEqual([CheckKind.SUPPLIERS, CheckKind.REJECTED_ROWS]);
  expect(await published()).toEqual(before);
  // A held run is not read again, so the second answer has the figures without the reasons of the rows.
  const again = await lossy.runOnce();
  expect([again.code, again.line]).toEqual([
    1,
    expect.stringContaining("2026-W21 is held, and nothing of it is published"),
  ]);
  expect(await published()).toEqual(before);

  const accepted = await trigger(scheduler, lossy, { acceptLosses: "the branch in Lyon was sold" });
  const end = await lastProgress(scheduler, accepted);
  expect(end).toMatchObject({ state: RunState.COMPLETE, rowsScored: 600n, wasComplete: false });
  expect(end?.notes).toContain(
    "losses accepted by anonymous: the branch in Lyon was sold (400 rows rejected, 600 suppliers, 1000 in 2026-W20)",
  );
  expect(await published()).toMatchObject({ scores: 1_600 });
  const event = (await eventsOf(run?.runId)).find((one) => one?.kind === "run.losses_accepted");
  expect(JSON.parse(event?.payloadJson ?? "")).toMatchObject({ reason: "the branch in Lyon was sold", suppliers: 600 });
});

test("a short file is rejected with its figures, and the whole file then runs under the same week", async () => {
  await using first = await createWeek(mesh, 24);
  await first.writeFile(weekCsv(1_000, { delayBy: 4 }));
  expect((await first.runOnce()).code).toBe(0);
  await using week = await createWeek(mesh, 25);
  await week.writeFile(weekCsv(3));
  const short = await week.runOnce();
  expect(short.code).toBe(1);
  expect(short.line).toContain("3 suppliers, 0.3 % of the 1000 of 2026-W24 (limit: 70 %)");
  await week.writeFile(weekCsv(1_000, { delayBy: 5 }));
  const whole = await week.runOnce();
  expect(whole.code).toBe(0);
  expect(JSON.parse(whole.line)).toMatchObject({ rows_scored: 1_000, was_complete: false, rules_evaluated: true });
  await week.writeFile(weekCsv(1_001));
  const again = await week.runOnce();
  expect([again.code, again.line]).toEqual([1, expect.stringContaining("is complete and was run with another source")]);
  await week.writeFile(weekCsv(1_000, { delayBy: 5 }));
  expect(JSON.parse((await week.runOnce()).line)).toMatchObject({ was_complete: true });
});

test("the command prints the figures of a week with losses as JSON, and publishes it when a reason is given", async () => {
  await using week = await createWeek(mesh, 26);
  await week.writeFile(weekCsv(1_000, { broken: 30, delayBy: 6 }));
  const rejected = await week.runCommand();
  expect([rejected.code, rejected.stderr]).toEqual([
    1,
    expect.stringContaining(
      "bellwether: 2026-W26 is held, and nothing of it is published: 30 rows rejected, 3 % of the rows",
    ),
  ]);
  expect(rejected.stderr).toContain(
    `Publish it (npx bellwether weekly approve --week 2026-W26 --model supplier-risk --reason TEXT --ops ${mesh.ops.url})`,
  );
  const report = JSON.parse(rejected.stdout).error.report;
  expect(rejected.stderr).toContain(`All reasons and samples of rejected rows: ${report}`);
  expect(JSON.parse(await readFile(report, "utf8")).rejected.count).toBe(30);
  expect(JSON.parse(rejected.stdout)).toMatchObject({
    error: {
      rejected_reasons: [
        {
          ...{ column: "avg_payment_delay_days", reason: "not a number", rows: 30 },
          sample: { file: "week.csv", line: 2, text: "soon" },
        },
      ],
      ...{ kind: "failure", reason: "RUN_HELD", iso_week: "2026-W26" },
      checks: expect.arrayContaining([
        expect.objectContaining({ kind: "rejected_rows", outcome: "failed", value: 0.03, limit: 0.02 }),
      ]),
    },
  });
  const accepted = await week.runCommand("--accept-losses", "a known fault of the export");
  expect(accepted).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(accepted.stdout)).toMatchObject({
    rows_scored: 970,
    losses: { accepted: { reason: "a known fault of the export", actor: "jane.doe" } },
  });
  expect((await week.runCommand("--accept-losses", "\u200b\u00a0")).code).toBe(2);
  await week.writeFile(weekCsv(1_000));
  expect(JSON.parse((await week.runCommand()).stdout).error).toMatchObject({
    ...{ kind: "failure", reason: "WEEK_COMPLETE" },
    ...{ recorded: { source_digest: expect.any(String) }, given: { source_digest: expect.any(String) } },
  });
});

test("the command and a trigger report that a week overtaken by a later one did not evaluate the rules", async () => {
  await using later = await createWeek(mesh, 32);
  await later.writeFile(weekCsv(1_000, { delayBy: 3 }));
  expect((await later.runOnce()).code).toBe(0);
  await using once = await createWeek(mesh, 31);
  await once.writeFile(weekCsv(1_000, { delayBy: 1 }));
  const outcome = JSON.parse((await once.runOnce()).line);
  const note = (isoWeek: string) =>
    `rules not evaluated: 2026-W32 was complete before ${isoWeek}; alerts are unchanged`;
  expect(outcome).toMatchObject({ rules_evaluated: false, overtaken_by: "2026-W32", alerts_raised: 0 });
  expect(outcome.notes).toContain(note("2026-W31"));
  await using triggered = await createWeek(mesh, 30);
  await triggered.writeFile(weekCsv(1_000, { delayBy: 2 }));
  await using scheduler = await triggered.startScheduler(await onPostgres());
  const end = await lastProgress(scheduler, await trigger(scheduler, triggered));
  expect(end).toMatchObject({ state: RunState.COMPLETE, overtakenBy: "2026-W32" });
  expect(end?.notes).toContain(note("2026-W30"));
});

const weekAhead = (weeks: number): string => newestIsoWeek(new Date(Date.now() + weeks * 7 * 86_400_000));
/** Converts "2027-W03" to [3, 2027], the arguments of createWeek. */
const yearAndWeek = (isoWeek: string): [week: number, year: number] => {
  const [year, week] = isoWeek.split("-W").map(Number);
  return [week ?? 0, year ?? 0];
};

test("the command and a trigger reject a week that has not begun, unless it is forced with a reason", async () => {
  const [first, second] = [weekAhead(3), weekAhead(4)];
  await using week = await createWeek(mesh, ...yearAndWeek(first));
  await week.writeFile(weekCsv(1_000, { delayBy: 7 }));
  const rejected = await week.runOnce();
  expect(rejected.code).toBe(1);
  expect(rejected.line).toContain(`${first} has not begun, the current ISO week is ${newestIsoWeek(new Date())}`);
  await using scheduler = await week.startScheduler(await onPostgres());
  await expect(trigger(scheduler, week)).rejects.toThrow(`${first} has not begun`);
  const end = await lastProgress(scheduler, await trigger(scheduler, week, { forceFuture: "a rehearsal" }));
  expect(end).toMatchObject({ state: RunState.COMPLETE, failure: "" });
  const run = await runOf(first);
  expect(run?.forceFuture).toMatchObject({ reason: "a rehearsal", actor: "anonymous" });
  const event = (await eventsOf(run?.runId)).find((one) => one?.kind === "run.future_forced");
  expect(event).toMatchObject({ actor: "anonymous" });
  await using other = await createWeek(mesh, ...yearAndWeek(second));
  await other.writeFile(weekCsv(1_000, { delayBy: 8 }));
  const decisions = { WEEKLY_FORCE_FUTURE: "another rehearsal", WEEKLY_ACTOR: "jane.doe" };
  expect((await other.runOnce("a machine", decisions)).code).toBe(0);
  expect((await runOf(second))?.forceFuture).toMatchObject({ reason: "another rehearsal", actor: "jane.doe" });
});
