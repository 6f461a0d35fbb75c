import { randomUUID } from "node:crypto";
import { Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { CheckKind, CheckOutcome, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureOf, type OpsHarness, startOps } from "./ops-harness.ts";

const [modelName, reason] = ["m", "prices rose"];
const FAILED = { kind: CheckKind.UNIT, outcome: CheckOutcome.FAILED, column: "spend", detail: "× 100" };
let cluster: PostgresServer;
let ops: OpsHarness;
beforeAll(async () => {
  cluster = await usePostgres();
  // 2027-W02 has not begun.
  ops = await startOps(await cluster.createDatabase(), { now: () => new Date("2026-12-28T06:00:00Z") });
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

test.each(["", " ", "\u00a0", "\u200b\u2060", "two\nlines", "a\u001b[31mred", "a\0"])(
  "the reason %j is an error of its field in every RPC that requires one",
  async (wrong) => {
    const lease = { runId: 1, fence: 1n };
    const calls = [
      ops.batch.approveRun({ runId: 1, reason: wrong }),
      ops.batch.voidRun({ runId: 1, reason: wrong }),
      ops.batch.supersedeRun({ runId: 1, reason: wrong }),
      ops.batch.recordMissedWeek({ isoWeek: "2026-W30", modelName: "m", reason: wrong }),
      ops.batch.completeRun({ lease, acceptLosses: { reason: wrong } }),
      ops.batch.startRun({ isoWeek: "2026-W30", modelName: "m", holder: "h", forceFuture: { reason: wrong } }),
      ops.alerts.overrideAlert({ alertId: randomUUID(), version: 1n, reason: wrong }),
    ];
    for (const call of calls) {
      const error = await failureOf(call);
      expect([error.code, error.message]).toEqual([Code.InvalidArgument, expect.stringContaining("reason")]);
    }
  },
);

test("a comment of white space is an error of its field, and one of several lines is not", async () => {
  const to = { alertId: randomUUID(), version: 1n };
  const blank = await failureOf(ops.alerts.commentOnAlert({ ...to, comment: " \n\u200b" }));
  expect([blank.code, blank.message]).toEqual([Code.InvalidArgument, expect.stringContaining("comment")]);
  const lines = await failureOf(ops.alerts.commentOnAlert({ ...to, comment: "called them\n\tno answer" }));
  expect(lines.code).toBe(Code.NotFound);
});

test.each([" ", "\u00a0\n", "\u200b\u2060", "a\u001b[31mred", "a\0"])(
  "the note %j is an error of its field in every action that has one",
  async (note) => {
    const to = { alertId: randomUUID(), version: 1n, note };
    const disposition = Disposition.MITIGATED;
    const calls = [
      ops.alerts.acknowledgeAlert(to),
      ops.alerts.startMitigation(to),
      ops.alerts.resolveAlert({ ...to, disposition }),
      ops.alerts.assignAlert({ ...to, owner: "bo" }),
      ops.alerts.snoozeAlert({ ...to, untilWorse: true }),
      ops.alerts.reopenAlert(to),
      ops.alerts.decideAlerts({ actions: [{ action: { case: "acknowledge", value: to } }] }),
    ];
    for (const error of await Promise.all(calls.map(failureOf)))
      expect([error.code, error.message]).toEqual([
        Code.InvalidArgument,
        expect.stringMatching(/note: expected a text with .* line ends, or an empty text/),
      ]);
  },
);

test.each([" ", "\u00a0", "\u200b", "two\nlines", "\t"])("the owner %j is an error of its field", async (owner) => {
  const error = await failureOf(ops.alerts.assignAlert({ alertId: randomUUID(), version: 1n, owner }));
  expect([error.code, error.message]).toEqual([
    Code.InvalidArgument,
    expect.stringMatching(/owner: expected a text in one line, .*, or an empty text/),
  ]);
});

test("an empty note, a note of several lines and an empty owner are not errors", async () => {
  const to = { alertId: randomUUID(), version: 1n };
  const failures = await Promise.all(
    [
      ops.alerts.acknowledgeAlert({ ...to, note: "" }),
      ops.alerts.acknowledgeAlert({ ...to, note: "called them\r\n\tno answer\n" }),
      ops.alerts.assignAlert({ ...to, owner: "" }),
      ops.alerts.assignAlert({ ...to, owner: " Jo Berg " }),
    ].map(failureOf),
  );
  expect(failures.map(({ code }) => code)).toEqual(Array(4).fill(Code.NotFound));
});

test("a held run keeps the reason of a week that has not begun, and is continued without it", async () => {
  const future = { isoWeek: "2027-W02", modelName, sourceDigest: "a".repeat(64) };
  const forceFuture = { reason: "a rehearsal" };
  const { run, lease } = await ops.batch.startRun({ ...future, holder: "one", forceFuture });
  await ops.batch.holdRun({ ...(lease && { lease }), checks: [FAILED] });
  await ops.batch.approveRun({ runId: run?.runId ?? 0, reason });
  const next = await ops.batch.startRun({ ...future, holder: "two" });
  expect(next.lease).toBeDefined();
  expect(next.run).toMatchObject({ runId: run?.runId, forceFuture, state: RunState.RUNNING });
  const { records } = await ops.audit.queryEvents({ subject: `run/${run?.runId}` });
  expect(records.map(({ event }) => event?.kind)).toEqual(["run.approved", "run.held", "run.future_forced"]);
  // A new revision of the week is a new decision.
  await ops.batch.failRun({ ...(next.lease && { lease: next.lease }), reason });
  await ops.batch.voidRun({ runId: run?.runId ?? 0, reason });
  const again = await failureOf(ops.batch.startRun({ ...future, holder: "three" }));
  expect(again.findDetails(ErrorInfoSchema)[0]?.reason).toBe("FUTURE_WEEK");
});
