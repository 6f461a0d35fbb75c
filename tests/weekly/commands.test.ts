import { writeFile } from "node:fs/promises";
import path from "node:path";
import { isoWeekEnd } from "@bellwether/contract/iso-week";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { CheckKind, CheckOutcome, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { ErasureService } from "@bellwether/gen/bellwether/ops/v1/erasure_service_pb";
import type { ServiceProcess } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { weekCsv } from "../../services/scheduler-service/test/weekly-fixture.ts";
import { createWeek, startMesh, type TestWeek, type WeeklyMesh } from "./harness.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let mesh: WeeklyMesh;
let week: TestWeek;
let scheduler: ServiceProcess;
const ROWS = 600;

beforeAll(async () => {
  mesh = await startMesh();
  week = await createWeek(mesh, 40);
  await week.writeFile(weekCsv(ROWS));
  scheduler = await week.startScheduler(
    { DATABASE_URL: await mesh.cluster.createDatabase() },
    { WEEKLY_INPUT_CHECK: "1s", WEEKLY_ERASURE_CHECK: "1s" },
  );
});
afterAll(async () => {
  await scheduler?.stop();
  await week?.[Symbol.asyncDispose]();
  await mesh?.[Symbol.asyncDispose]();
});

const batch = () => createClient(BatchService, createGrpcTransport({ baseUrl: mesh.ops.now.grpc }));
const runOf = async (isoWeek: string) => (await batch().getRun({ isoWeek })).run;

async function command(args: readonly string[]): Promise<{ code: number | null; json: unknown; stderr: string }> {
  const ended = await week.command(args, { SCHEDULER_SERVICE_URL: scheduler.grpc });
  return { code: ended.code, json: JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? ""), stderr: ended.stderr };
}

test("pause, resume and status show the schedule", async () => {
  expect(await command(["pause"])).toMatchObject({ code: 0, json: { paused: true, next_run: null } });
  expect(await command(["status"])).toMatchObject({ code: 0, json: { schedule: { paused: true }, open: [] } });
  const next = expect.stringMatching(/^\d{4}-\d\d-\d\dT06:00:00\.000Z$/);
  expect(await command(["resume"])).toMatchObject({ code: 0, json: { paused: false, next_run: next } });
});

test("trigger with --watch ends with the run, and watch shows it again", async () => {
  const counts = { iso_week: week.isoWeek, state: "complete", rows_read: ROWS, rows_scored: ROWS };
  const run = await command(["trigger", "--week", week.isoWeek, "--watch"]);
  expect(run).toMatchObject({ code: 0, json: { ...counts, already_known: false, was_complete: false } });
  expect(run.json).toMatchObject({
    alerts_raised: expect.any(Number),
    checks: expect.arrayContaining([expect.objectContaining({ kind: "rejected_rows", outcome: "passed" })]),
  });
  expect(await command(["watch", "--week", week.isoWeek])).toMatchObject({ code: 0, json: counts });
  expect(await runOf(week.isoWeek)).toMatchObject({ state: RunState.COMPLETE, asOf: isoWeekEnd(week.isoWeek) });
  await vi.waitFor(
    async () => expect(await command(["status"])).toMatchObject({ json: { last_complete_week: week.isoWeek } }),
    { timeout: 60_000 },
  );
});

test("the texts about a supplier are erased in the files of the week, which the scheduler reports", async () => {
  const transport = createGrpcTransport({ baseUrl: mesh.ops.now.grpc });
  const erasures = createClient(ErasureService, transport);
  const supplierId = "S_7";
  await createClient(AuditService, transport).eraseSubject({ supplierId, reason: "request of the person" });
  await vi.waitFor(
    async () => {
      const [erasure] = (await erasures.listErasures({})).erasures;
      expect(erasure).toMatchObject({ supplierId, batchesDone: true });
      expect(erasure?.places).toMatchObject([{ report: { snapshots: 1, reports: 1, waitingWeeks: [] } }]);
    },
    { timeout: 60_000 },
  );
  const { json } = await command(["trigger", "--week", week.isoWeek, "--watch"]);
  // The files are those of the complete week as before.
  expect(json).toMatchObject({ state: "complete", rows_scored: ROWS });
});

test("another file for a complete week fails and names supersede, after which it is a new revision", async () => {
  await week.writeFile(weekCsv(ROWS + 1));
  const failed = await command(["trigger", "--week", week.isoWeek, "--watch"]);
  expect(failed).toMatchObject({
    code: 1,
    json: { state: "failed", failure: expect.stringContaining("weekly supersede") },
  });
  expect(await command(["watch", "--week", week.isoWeek])).toMatchObject({
    code: 1,
    json: {
      state: "failed",
      failure: expect.stringMatching(
        /^the job failed: .*; 2026-W\d\d is complete as before \(revision 1\), nothing was replaced$/,
      ),
    },
  });
  const wanted = ["supersede", "--week", week.isoWeek, "--reason", "a supplier was missing"];
  expect(await command(wanted)).toMatchObject({ code: 0, json: { state: "complete", revision: 1 } });
  const revised = await command(["trigger", "--week", week.isoWeek, "--watch"]);
  expect(revised).toMatchObject({ code: 0, json: { already_known: false, new_revision: 2, was_complete: false } });
  expect(await runOf(week.isoWeek)).toMatchObject({ revision: 2, rowsScored: BigInt(ROWS + 1) });
});

test("a held run is shown with both ways out, and after approve the scheduler completes it by itself", async () => {
  const isoWeek = "2026-W41";
  await week.writeFile(weekCsv(ROWS, { delayBy: 1 }));
  // Another program began the run, on a machine that has the same file.
  const { configHash = "", modelName = "" } = (await runOf(week.isoWeek)) ?? {};
  const { lease } = await batch().startRun({
    ...{ isoWeek, modelName, configHash, holder: "elsewhere", chunkRows: 4_096, asOf: isoWeekEnd(isoWeek) },
    sourceDigest: await week.sourceDigest(),
  });
  const detail = "600 rows after 3002";
  const checks = [{ kind: CheckKind.ROWS, outcome: CheckOutcome.FAILED, detail, value: 0.2, limit: 0.7 }];
  await batch().holdRun({ ...(lease && { lease }), checks });
  expect(await command(["status"])).toMatchObject({
    json: {
      open: [
        {
          ...{ iso_week: isoWeek, state: "held", reason: detail },
          next_step: expect.stringMatching(/weekly approve --week 2026-W41 --reason TEXT.*weekly void --week 2026-W41/),
        },
      ],
    },
  });
  // The queue has no job of the run.
  expect(await command(["watch", "--week", isoWeek])).toMatchObject({
    ...{ code: 1, json: { iso_week: isoWeek, state: "held" } },
    stderr: expect.stringMatching(/2026-W41 is held: 600 rows after 3002\s+publish it: .*weekly approve/),
  });
  const approved = await command(["approve", "--week", isoWeek, "--reason", "the branch was sold"]);
  expect(approved).toMatchObject({ code: 0, json: { iso_week: isoWeek, approved: true } });
  // The watch waits for the scheduler, whose job of the run begins within a minute.
  expect(await command(["watch", "--week", isoWeek])).toMatchObject({ code: 0, json: { state: "complete" } });
  expect((await runOf(isoWeek))?.state).toBe(RunState.COMPLETE);
  const watched = await command(["watch", "--week", isoWeek]);
  expect(watched.json).toMatchObject({
    notes: expect.arrayContaining(["run again after its approval: another program had begun it"]),
  });
  // The first approval counts; a run that was never held cannot be approved.
  expect(await command(["approve", "--week", isoWeek, "--reason", "again"])).toMatchObject({
    code: 1,
    json: { state: "complete", approved: true, changed: false },
    stderr: expect.stringMatching(
      /2026-W41 of .* is complete already: anonymous approved it at .*: the branch was sold; nothing was changed/,
    ),
  });
  expect(await command(["approve", "--week", week.isoWeek, "--reason", "again"])).toMatchObject({ code: 1 });

  const voided = await command(["void", "--week", isoWeek, "--reason", "a rehearsal"]);
  expect(voided).toMatchObject({ code: 0, json: { state: "voided", latest_week: week.isoWeek } });
  expect(await command(["watch", "--week", isoWeek])).toMatchObject({
    ...{ code: 1, json: { state: "voided" } },
    stderr: expect.stringContaining("2026-W41 is voided: by anonymous: a rehearsal"),
  });
});

test("check says beforehand whether a run would be published, held or fail, and starts none", async () => {
  const isoWeek = "2026-W42";
  const check = () => command(["check", "--week", isoWeek, ...week.options]);
  await week.writeFile(weekCsv(ROWS, { delayBy: 2 }));
  const fine = await check();
  expect(fine).toMatchObject({ code: 0, json: { outcome: "published", suppliers: ROWS, as_of: isoWeekEnd(isoWeek) } });
  expect(fine.json).toMatchObject({ compared_with: week.isoWeek, failures: [], rows_rejected: 0 });
  await week.writeFile(weekCsv(3, { broken: 1 }));
  const held = await check();
  expect(held).toMatchObject({
    code: 1,
    json: {
      ...{ outcome: "held", suppliers: 2, rows_rejected: 1 },
      rejected_reasons: [{ column: "avg_payment_delay_days", rows: 1, sample: { line: 2 } }],
      checks: expect.arrayContaining([expect.objectContaining({ kind: "suppliers", outcome: "failed" })]),
    },
    stderr: expect.stringContaining("a run of 2026-W42 with this file would be held"),
  });
  await week.writeFile(weekCsv(1, { broken: 1 }));
  const failed = await check();
  expect(failed).toMatchObject({ code: 1 });
  await expect(batch().getRun({ isoWeek })).rejects.toThrow("does not exist");
});

test("a replay looks for the files of all weeks before it runs one, and names all that are missing", async () => {
  const { options } = week;
  const own = options.slice(0, options.indexOf("--input"));
  const pattern = path.join(path.dirname(options[options.indexOf("--input") + 1] ?? ""), "{week}.csv");
  await writeFile(pattern.replace("{week}", "2026-W36"), weekCsv(3));
  const replay = ["replay", "--from", "2026-W35", "--to", "2026-W37", "--input", pattern, ...own];
  const stopped = await command(replay);
  expect(stopped).toMatchObject({
    code: 2,
    json: { error: { reason: "INPUTS_MISSING", missing: [{ iso_week: "2026-W35" }, { iso_week: "2026-W37" }] } },
    stderr: expect.stringContaining("no week was run, because 2 of 3 weeks have no input: 2026-W35 ("),
  });
  await expect(batch().getRun({ isoWeek: "2026-W36" })).rejects.toThrow("does not exist");
});

test("wrong options, an unknown week and services that do not answer are named with the option", async () => {
  expect(await command(["approve", "--week", "2026-W60", "--reason", "x"])).toMatchObject({ code: 2 });
  const noReason = await command(["void", "--week", "2026-W41"]);
  expect(noReason).toMatchObject({ code: 2, stderr: expect.stringContaining("--reason") });
  expect(await command(["watch"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--week WEEK or --job ID"),
  });
  expect(await command(["void", "--week", "2026-W09", "--reason", "x"])).toMatchObject({ code: 1 });
  expect(await command(["watch", "--week", "2026-W09"])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/2026-W09 has no run; .*To run it: npx bellwether weekly run --week 2026-W09/),
  });
  const pattern = await command(["trigger", "--week", week.isoWeek, "--input", "{wek}.csv"]);
  expect(pattern).toMatchObject({ code: 2, stderr: expect.stringContaining("expected {week}") });
  const noModel = await command(["status", "--model", "no-such"]);
  expect(noModel).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('the model "no-such" has no run; models with runs:'),
  });
  expect(await command(["list", "--model", "no-such"])).toMatchObject({ code: 2, stderr: noModel.stderr });
  const noWeek = await command(["list", "--model", "supplier-risk", "--week", "2001-W01"]);
  expect(noWeek).toMatchObject({ code: 0, json: { runs: [], more: false } });
  const outside = await command(["trigger", "--week", week.isoWeek, "--input", "/etc/passwd"]);
  expect(outside.stderr).toContain("is not in the input folder of the scheduler (WEEKLY_INPUT_FOLDER)");
  const away = await command(["pause", "--scheduler", "http://127.0.0.1:1"]);
  expect(away).toMatchObject({ code: 1, stderr: expect.stringContaining("--scheduler URL names another address") });
});
