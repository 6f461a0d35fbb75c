import { randomUUID } from "node:crypto";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { AlertEventKind, AlertSeverity, AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { BadRequestSchema, ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import type { RoleName } from "@bellwether/mesh/call/caller";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { inTransaction } from "@bellwether/postgres/pool/transaction";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Client, Code, type ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { failureOf, runWeek } from "./ops-harness.ts";
import { type OpsWithPeople, startWithPeople } from "./people.ts";

vi.setConfig({ testTimeout: 30_000 });

let cluster: PostgresServer;
let databaseUrl: string;
let ops: OpsWithPeople;
let ana: Client<typeof AlertService>;
let bo: Client<typeof AlertService>;
let clock = new Date("2026-03-02T06:00:00Z");
let weeks = 0;

beforeAll(async () => {
  cluster = await usePostgres();
  databaseUrl = await cluster.createDatabase();
  ops = await startWithPeople(databaseUrl, { now: () => clock });
  [ana, bo] = await Promise.all([ops.as("ana", "analyst"), ops.as("bo", "analyst")]);
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

const DAY_MS = 86_400_000;
const LATER = timestampFromDate(new Date("2026-06-01T00:00:00Z"));
const reasonOf = (error: ConnectError) => error.findDetails(ErrorInfoSchema)[0]?.reason;

/** Raises an alert about a new supplier; returns its id and version. */
async function raised(score = 0.9): Promise<{ readonly alertId: string; readonly version: bigint }> {
  const supplierId = randomUUID();
  weeks++;
  await runWeek(ops, `2025-W${String(weeks).padStart(2, "0")}`, [{ id: supplierId, score }]);
  const { alerts } = await ana.listAlerts({ supplierId });
  const [alert] = alerts;
  if (!alert) throw new Error("no alert was raised");
  return { alertId: alert.alertId, version: alert.version };
}
const historyOf = async (alertId: string) => (await ana.getAlert({ alertId })).events.toReversed();

test("an alert goes from open to resolved, and the history has each action with its author", async () => {
  const { alertId } = await raised();
  await ana.acknowledgeAlert({ alertId, version: 1n, note: "mine" });
  await ana.startMitigation({ alertId, version: 2n, note: "second source" });
  await ana.assignAlert({ alertId, version: 3n, owner: "bo" });
  await bo.commentOnAlert({ alertId, version: 4n, comment: "contract signed" });
  const { alert } = await bo.resolveAlert({ alertId, version: 5n, disposition: Disposition.MITIGATED });
  expect(alert).toMatchObject({ state: AlertState.RESOLVED, version: 6n, owner: "bo", changedBy: "bo" });
  expect(await historyOf(alertId)).toMatchObject([
    { kind: AlertEventKind.RAISED, actor: "rules", version: 1n },
    { kind: AlertEventKind.ACKNOWLEDGED, actor: "ana", note: "mine", version: 2n },
    { kind: AlertEventKind.MITIGATION_STARTED, actor: "ana", note: "second source" },
    { kind: AlertEventKind.ASSIGNED, actor: "ana", detail: "Assigned to bo." },
    { kind: AlertEventKind.COMMENTED, actor: "bo", note: "contract signed" },
    { kind: AlertEventKind.RESOLVED, actor: "bo", version: 6n },
  ]);
  const { records } = await ops.audit.queryEvents({ subject: alertId });
  expect(records.map(({ event }) => `${event?.kind} ${event?.actor}`).toReversed()).toEqual([
    "alert.acknowledged ana",
    "alert.mitigation_started ana",
    "alert.assigned ana",
    "alert.commented bo",
    "alert.resolved bo",
  ]);
});

test("of two people who decide about the same version, one succeeds and the other learns what happened", async () => {
  const target = await raised();
  const both = await Promise.allSettled([
    ana.acknowledgeAlert(target),
    bo.resolveAlert({ ...target, disposition: Disposition.FALSE_DATA }),
  ]);
  const won = both.findIndex(({ status }) => status === "fulfilled");
  expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const lost = await failureOf(
    won === 0 ? bo.resolveAlert({ ...target, disposition: Disposition.FALSE_DATA }) : ana.acknowledgeAlert(target),
  );
  expect([lost.code, reasonOf(lost)]).toEqual([Code.Aborted, "ALERT_CHANGED"]);
  expect(lost.findDetails(ErrorInfoSchema)[0]?.metadata).toEqual({
    version: "2",
    state: won === 0 ? "acknowledged" : "resolved",
    changed_by: won === 0 ? "ana" : "bo",
  });
  // The winner can repeat its request, for example after a lost answer.
  const again =
    won === 0 ? ana.acknowledgeAlert(target) : bo.resolveAlert({ ...target, disposition: Disposition.FALSE_DATA });
  expect((await again).alert?.version).toBe(2n);
  expect(await historyOf(target.alertId)).toHaveLength(2);
});

test("a run that escalates the alert makes an older decision fail; one that only updates the score does not", async () => {
  const id = randomUUID();
  const week = (score: number) => runWeek(ops, `2025-W${String(++weeks).padStart(2, "0")}`, [{ id, score }]);
  await week(0.7);
  await week(0.7);
  const seen = (await ana.listAlerts({ supplierId: id })).alerts.find(({ ruleId }) => ruleId === "high-score");
  const { alertId = "", version = 0n } = seen ?? {};
  await week(0.71);
  const { alert } = await ana.assignAlert({ alertId, version, owner: "ana" });
  expect(alert).toMatchObject({ riskScore: 0.71, version: version + 1n });
  await week(0.9);
  const close = { alertId, version: version + 1n, disposition: Disposition.ACCEPTED };
  const late = await failureOf(ana.resolveAlert(close));
  expect([late.code, late.rawMessage]).toEqual([
    Code.Aborted,
    `alert ${alertId} has the version ${version + 2n} (open, changed by rules), not ${version + 1n}; read it again, then decide again`,
  ]);
});

describe("snooze, override and acceptance", () => {
  test("a snoozed alert keeps its state, and wakes when the service finds that its time is over", async () => {
    const { alertId, version } = await raised();
    const until = timestampFromDate(new Date(clock.getTime() + 3_600_000));
    const { alert } = await ana.snoozeAlert({ alertId, version, until });
    expect(alert).toMatchObject({ state: AlertState.OPEN, snooze: { until, untilWorse: false, actor: "ana" } });
    clock = new Date(clock.getTime() + 3_600_000);
    await vi.waitFor(async () => expect((await ana.getAlert({ alertId })).alert?.snooze).toBeUndefined(), {
      timeout: 25_000,
      interval: 500,
    });
    expect((await historyOf(alertId)).at(-1)).toMatchObject({ kind: AlertEventKind.WOKEN, actor: "rules" });
    expect((await ana.getAlert({ alertId })).alert?.version).toBe(2n);
  });

  test("an override replaces severity and band until its end, and can be ended before", async () => {
    const { alertId, version } = await raised();
    const values = { severity: AlertSeverity.WARNING, band: Band.LOW };
    const { alert } = await ana.overrideAlert({ alertId, version, ...values, until: LATER, reason: "paid in advance" });
    expect(alert).toMatchObject({
      ...values,
      activeOverride: { reason: "paid in advance", ruleSeverity: AlertSeverity.CRITICAL, modelBand: Band.HIGH },
    });
    const ended = await ana.overrideAlert({ alertId, version: 2n, reason: "no longer" });
    expect(ended.alert).toMatchObject({ severity: AlertSeverity.CRITICAL, band: Band.HIGH });
    expect(ended.alert?.activeOverride).toBeUndefined();
  });

  test("an end is truncated to milliseconds, and one beyond the alert rules is an error of its field", async () => {
    const last = timestampFromDate(new Date(clock.getTime() + 366 * DAY_MS));
    const until = { ...last, nanos: last.nanos + 999_999 };
    const snoozed = await raised();
    expect((await ana.snoozeAlert({ ...snoozed, until })).alert?.snooze?.until).toEqual(last);
    const far = timestampFromDate(new Date("9999-12-31T23:59:59.999Z"));
    const { alertId, version } = await raised();
    const disposition = Disposition.ACCEPTED;
    const override = { severity: AlertSeverity.WARNING, reason: "paid in advance" };
    const failures = [
      await failureOf(ana.snoozeAlert({ alertId, version, until: far })),
      await failureOf(ana.resolveAlert({ alertId, version, disposition, acceptedUntil: far })),
      await failureOf(ana.overrideAlert({ alertId, version, ...override, until: far })),
    ];
    expect(failures.map((error) => [error.code, error.findDetails(BadRequestSchema)[0]?.fieldViolations])).toEqual(
      [
        ["until", "366 days ahead (longest_days.snooze of the alert rules)"],
        ["accepted_until", "731 days ahead (longest_days.accepted of the alert rules)"],
        ["until", "366 days ahead (longest_days.override of the alert rules)"],
      ].map(([field, text]) => [
        Code.InvalidArgument,
        [expect.objectContaining({ field, description: expect.stringContaining(`is more than ${text}`) })],
      ]),
    );
    const { results } = await ana.decideAlerts({
      actions: [{ action: { case: "snooze", value: { alertId, version, until: far } } }],
    });
    expect(results.map(({ error }) => error?.code)).toEqual(["INVALID_ARGUMENT"]);
    expect((await ana.getAlert({ alertId })).alert?.version).toBe(version);
  });

  test("an accepted risk has its end, and the duplicate of an alert about another supplier is rejected", async () => {
    const [accepted, duplicate] = [await raised(), await raised()];
    const disposition = Disposition.ACCEPTED;
    const { alert } = await ana.resolveAlert({ ...accepted, disposition, acceptedUntil: LATER });
    expect(alert?.acceptedUntil && timestampDate(alert.acceptedUntil)).toEqual(timestampDate(LATER));
    const other = { disposition: Disposition.DUPLICATE, duplicateOfAlertId: accepted.alertId };
    const failure = await failureOf(ana.resolveAlert({ ...duplicate, ...other }));
    expect([failure.code, failure.message]).toEqual([
      Code.InvalidArgument,
      expect.stringMatching(/is about the supplier [0-9a-f-]{36}, and this alert about [0-9a-f-]{36}; name an alert/),
    ]);
  });
});

test("an undo restores what the action changed, once, and only for its author", async () => {
  const target = await raised();
  await ana.resolveAlert({ ...target, disposition: Disposition.ACCEPTED, acceptedUntil: LATER });
  const undo = { alertId: target.alertId, version: 2n };
  const foreign = await failureOf(bo.undoAlertAction(undo));
  expect([foreign.code, reasonOf(foreign)]).toEqual([Code.FailedPrecondition, "ALERT_UNDO"]);
  const { alert } = await ana.undoAlertAction(undo);
  expect(alert).toMatchObject({ state: AlertState.OPEN, disposition: Disposition.UNSPECIFIED, version: 3n });
  expect(alert?.acceptedUntil).toBeUndefined();
  expect((await ana.undoAlertAction(undo)).alert?.version).toBe(3n);
  expect((await historyOf(target.alertId)).map(({ kind }) => kind)).toEqual([
    AlertEventKind.RAISED,
    AlertEventKind.RESOLVED,
    AlertEventKind.UNDONE,
  ]);
  const reopened = await raised();
  await ana.resolveAlert({ ...reopened, disposition: Disposition.MITIGATED });
  const opened = await ana.reopenAlert({ alertId: reopened.alertId, version: 2n });
  expect(opened.alert).toMatchObject({ state: AlertState.OPEN, version: 3n });
});

test("200 actions in one call each have their own result", { timeout: 120_000 }, async () => {
  const [a, b, c] = [await raised(), await raised(), await raised()];
  await bo.acknowledgeAlert(b);
  const unknown = randomUUID();
  const requests = [a, b, c, { alertId: unknown, version: 1n }].map((target) => ({
    action: { case: "assign" as const, value: { ...target, owner: "ana" } },
  }));
  const { results } = await ana.decideAlerts({ actions: requests });
  expect(results.map(({ error, alert }) => [error?.code, error?.reason, alert?.owner])).toEqual([
    [undefined, undefined, "ana"],
    ["ABORTED", "ALERT_CHANGED", ""],
    [undefined, undefined, "ana"],
    ["NOT_FOUND", "ALERT_NOT_FOUND", undefined],
  ]);
  expect((await ana.decideAlerts({ actions: requests })).results.map(({ error }) => error?.reason)).toEqual([
    undefined,
    "ALERT_CHANGED",
    undefined,
    "ALERT_NOT_FOUND",
  ]);
  const comments = Array.from({ length: 200 }, (_, i) => ({
    action: { case: "comment" as const, value: { alertId: a.alertId, version: BigInt(i + 2), comment: `${i}` } },
  }));
  const many = await ana.decideAlerts({ actions: comments });
  expect(many.results.filter(({ error }) => error)).toEqual([]);
  const tooMany = await failureOf(ana.decideAlerts({ actions: [...comments, ...comments.slice(0, 1)] }));
  expect(tooMany.code).toBe(Code.InvalidArgument);
});

const HOSTILE = [
  "'; drop table bellwether.alert; --",
  "<img src=x onerror=alert(1)>",
  "\u061cشركة \u200fשלום\u200e",
  "👩‍👩‍👧‍👦 é 中文",
  "a\nb\tc",
];

test.each(HOSTILE)("the text %j is stored and returned as it is", async (text) => {
  const { alertId, version } = await raised();
  await ana.commentOnAlert({ alertId, version, comment: text });
  // The name of an owner is one line, whose characters a reader sees in the order in which they are stored.
  const owner = text.replaceAll(/[\n\t]/g, " ");
  await ana.assignAlert({ alertId, version: 2n, owner, note: text });
  const { alert, events } = await ana.getAlert({ alertId });
  expect(alert?.owner).toBe(owner);
  expect(events.map(({ note }) => note)).toEqual([text, text, ""]);
  expect((await ana.listAlerts({ owner })).alerts.map((one) => one.alertId)).toEqual([alertId]);
});

test.each([
  ["comment", "\u202Eevil\u202C \u2066rtl"],
  ["comment", "x".repeat(2_001)],
  ["comment", "é".repeat(1_001)],
  ["comment", "a\u0000b"],
  ["comment", ""],
])("the %s %j is rejected by the name of its field", async (field, comment) => {
  const { alertId, version } = await raised();
  const rejected = await failureOf(ana.commentOnAlert({ alertId, version, comment }));
  expect(rejected.code).toBe(Code.InvalidArgument);
  expect(rejected.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe(field);
  await ana.commentOnAlert({ alertId, version, comment: "x".repeat(2_000) });
});

test.each<RoleName>(["viewer", "analyst", "admin", "service"])(
  "a caller with the role %s may act as declared",
  async (role) => {
    const client = await ops.as(`a-${role}`, role);
    const unknown = { alertId: randomUUID(), version: 1n };
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      acknowledgeAlert: () => client.acknowledgeAlert(unknown),
      startMitigation: () => client.startMitigation(unknown),
      resolveAlert: () => client.resolveAlert({ ...unknown, disposition: Disposition.MITIGATED }),
      assignAlert: () => client.assignAlert(unknown),
      snoozeAlert: () => client.snoozeAlert({ ...unknown, untilWorse: true }),
      commentOnAlert: () => client.commentOnAlert({ ...unknown, comment: "x" }),
      overrideAlert: () => client.overrideAlert({ ...unknown, reason: "x" }),
      reopenAlert: () => client.reopenAlert(unknown),
      undoAlertAction: () => client.undoAlertAction(unknown),
    };
    for (const [name, call] of Object.entries(calls))
      expect([name, (await failureOf(call())).code]).toEqual([
        name,
        role === "viewer" ? Code.PermissionDenied : Code.NotFound,
      ]);
    const bulk = client.decideAlerts({ actions: [{ action: { case: "reopen", value: unknown } }] });
    if (role === "viewer") expect((await failureOf(bulk)).code).toBe(Code.PermissionDenied);
    else expect((await bulk).results).toHaveLength(1);
    expect(
      AlertService.methods
        .map(({ localName }) => localName)
        .filter((name) => !(name in calls))
        .sort(),
    ).toEqual(["backtestRules", "decideAlerts", "getAlert", "listAlerts", "suggestOwners", "watchAlerts"]);
  },
);

test("an action on a locked alert fails with ALERT_BUSY within its deadline, and the other alerts can be changed meanwhile", async () => {
  const [held, free] = [await raised(), await raised()];
  const pool = await openPostgres(databaseUrl);
  onTestFinished(() => pool.close());
  await inTransaction(pool, async (tx) => {
    await tx.query("select from bellwether.alert where id = $1 for update", [held.alertId]);
    const busy = await failureOf(ana.acknowledgeAlert(held));
    expect([busy.code, reasonOf(busy)]).toEqual([Code.Unavailable, "ALERT_BUSY"]);
    expect((await ana.acknowledgeAlert(free)).alert?.state).toBe(AlertState.ACKNOWLEDGED);
  });
  expect((await ana.acknowledgeAlert(held)).alert?.version).toBe(2n);
});
