import { randomUUID } from "node:crypto";
import {
  AlertDimension,
  AlertEventKind,
  AlertSeverity,
  AlertState,
  Disposition,
} from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { inTransaction } from "@bellwether/postgres/pool/transaction";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Code } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { failureOf, type OpsHarness, runWeek, seenAlert, startOps, type TestRow } from "./ops-harness.ts";

const DAY_MS = 86_400_000;

let cluster: PostgresServer;
let ops: OpsHarness;
let databaseUrl: string;
let clock: Date;

beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster[Symbol.asyncDispose]());
beforeEach(async () => {
  clock = new Date("2026-03-02T06:00:00Z");
  databaseUrl = await cluster.createDatabase();
  ops = await startOps(databaseUrl, { now: () => clock });
});
afterEach(() => ops[Symbol.asyncDispose]());

const week = (number: number, ...rows: TestRow[]) => runWeek(ops, `2026-W${String(number).padStart(2, "0")}`, rows);
const alertsOf = async (supplierId = "", states = [AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.RESOLVED]) =>
  (await ops.alerts.listAlerts({ supplierId, states })).alerts;
const scoreAlert = async (supplierId: string) =>
  (await alertsOf(supplierId)).find(({ ruleId }) => ruleId === "high-score");
const kinds = async (alertId: string) =>
  (await ops.alerts.getAlert({ alertId })).events.map(({ kind }) => kind).reverse();

test("a critical score raises an alert at once, a high score only in the second run in a row", async () => {
  expect(
    await week(1, { id: "crit", score: 0.85 }, { id: "high", score: 0.7 }, { id: "edge", score: 0.69 }),
  ).toMatchObject({
    alertsRaised: 1, // The other two suppliers are below the mean of the week.
  });
  expect(await scoreAlert("crit")).toMatchObject({
    severity: AlertSeverity.CRITICAL,
    state: AlertState.OPEN,
    dedupeKey: "supplier-risk/crit/high-score/score",
    supplierName: "Name of crit",
    raisedWeek: "2026-W01",
  });
  expect(await scoreAlert("high")).toBeUndefined();
  await week(2, { id: "crit", score: 0.9 }, { id: "high", score: 0.7 }, { id: "edge", score: 0.7 });
  expect(await scoreAlert("high")).toMatchObject({ severity: AlertSeverity.WARNING, raisedWeek: "2026-W02" });
  expect(await scoreAlert("edge")).toBeUndefined();
  const crit = await scoreAlert("crit");
  expect(crit).toMatchObject({ riskScore: 0.9, raisedWeek: "2026-W01", lastWeek: "2026-W02" });
  expect(await kinds(crit?.alertId ?? "")).toEqual([AlertEventKind.RAISED]);
});

test("an alert has the model, the version and the week of its score", async () => {
  const rows = [{ id: "a", score: 0.9 }];
  await runWeek(ops, "2026-W01", rows, { modelVersion: "v1" });
  expect(await scoreAlert("a")).toMatchObject({ modelName: "supplier-risk", modelVersion: "v1", lastWeek: "2026-W01" });
  await runWeek(ops, "2026-W02", rows, { modelVersion: "v2" });
  expect(await scoreAlert("a")).toMatchObject({ modelName: "supplier-risk", modelVersion: "v2", lastWeek: "2026-W02" });
  const { alerts } = await (await fetch(`${ops.webUrl}/alerts`)).json();
  expect(alerts).toMatchObject([{ model_name: "supplier-risk", model_version: "v2", last_week: "2026-W02" }]);
});

test("an alert is cleared after two runs below 0.60, not after one", async () => {
  await week(1, { id: "a", score: 0.9 });
  await week(2, { id: "a", score: 0.59 });
  expect((await scoreAlert("a"))?.state).toBe(AlertState.OPEN);
  await week(3, { id: "a", score: 0.6 });
  await week(4, { id: "a", score: 0.1 });
  expect((await scoreAlert("a"))?.state).toBe(AlertState.OPEN);
  await week(5, { id: "a", score: 0.1 });
  expect(await scoreAlert("a")).toMatchObject({ state: AlertState.RESOLVED, disposition: Disposition.CLEARED });
});

test("a resolved alert has a cool-down of fourteen days; then the same alert opens again with its history", async () => {
  await week(1, { id: "a", score: 0.9 });
  const alertId = (await scoreAlert("a"))?.alertId ?? "";
  await ops.alerts.resolveAlert({
    ...(await seenAlert(ops, alertId)),
    ...{ disposition: Disposition.ACCEPTED, note: "known" },
  });
  clock = new Date(clock.getTime() + 13 * DAY_MS);
  await week(3, { id: "a", score: 0.95 });
  expect((await scoreAlert("a"))?.state).toBe(AlertState.RESOLVED);
  clock = new Date(clock.getTime() + DAY_MS);
  await week(4, { id: "a", score: 0.95 });
  expect(await scoreAlert("a")).toMatchObject({ alertId, state: AlertState.OPEN, raisedWeek: "2026-W04" });
  expect(await kinds(alertId)).toEqual([AlertEventKind.RAISED, AlertEventKind.RESOLVED, AlertEventKind.REOPENED]);
});

test("an open alert lapses in the fourth consecutive run without a score of its supplier, and its history states the reason", async () => {
  await week(1, { id: "gone", score: 0.9 }, { id: "kept", score: 0.9 }, { id: "unknown", score: 0.9 });
  const rest = [{ id: "kept", score: 0.9 }, { id: "unknown" }];
  const goneAlert = (await scoreAlert("gone"))?.alertId ?? "";
  for (const number of [2, 3, 4]) await week(number, ...rest);
  expect(await scoreAlert("gone")).toMatchObject({ state: AlertState.OPEN, lastWeek: "2026-W01" });
  await week(5, ...rest);
  const lapsed = { state: AlertState.RESOLVED, disposition: Disposition.LAPSED, lastWeek: "2026-W01", riskScore: 0.9 };
  expect([await scoreAlert("gone"), await scoreAlert("unknown")]).toMatchObject([lapsed, lapsed]);
  expect((await scoreAlert("kept"))?.state).toBe(AlertState.OPEN);
  const { events } = await ops.alerts.getAlert({ alertId: goneAlert });
  expect(events[0]).toMatchObject({
    kind: AlertEventKind.RESOLVED,
    actor: "rules",
    note: "No score in 4 runs in a row; the alert's score is from 2026-W01.",
  });
  expect(events[0]?.riskScore).toBeUndefined();
  await week(6, ...rest);
  expect(await kinds(goneAlert)).toEqual([AlertEventKind.RAISED, AlertEventKind.RESOLVED]);
});

test("a capacity alert lapses too, and an acknowledged alert does not", async () => {
  const raised = ["taken", "open"].map((id) => ({ id, score: 0.6, exposure: 100 }));
  const rest = [{ id: "rest", score: 0.1 }];
  await week(1, ...raised, ...rest);
  const [alert] = await alertsOf("taken");
  await ops.alerts.acknowledgeAlert(await seenAlert(ops, alert?.alertId ?? ""));
  for (const number of [2, 3, 4, 5, 6]) await week(number, ...rest);
  expect(await alertsOf("taken")).toMatchObject([{ state: AlertState.ACKNOWLEDGED, lastWeek: "2026-W01" }]);
  expect(await alertsOf("open")).toMatchObject([{ state: AlertState.RESOLVED, disposition: Disposition.LAPSED }]);
});

test("a lapsed alert is raised again without a cool-down, because nobody judged it", async () => {
  await week(1, { id: "a", score: 0.9 }, { id: "b", score: 0.1 });
  for (const number of [2, 3, 4, 5]) await week(number, { id: "b", score: 0.1 });
  await week(6, { id: "a", score: 0.9 }, { id: "b", score: 0.1 });
  expect(await scoreAlert("a")).toMatchObject({ state: AlertState.OPEN, raisedWeek: "2026-W06" });
});

test("missing scores are counted per model, and the score of a week that completed late counts", async () => {
  const rest = { id: "rest", score: 0.1 };
  await week(1, { id: "a", score: 0.9 }, rest);
  for (const number of [1, 2, 3, 4, 5]) await runWeek(ops, `2026-W0${number}`, [rest], { modelName: "another-model" });
  for (const number of [3, 4]) await week(number, rest);
  await week(2, { id: "a", score: 0.9 }, rest);
  await week(5, rest);
  expect((await scoreAlert("a"))?.state).toBe(AlertState.OPEN);
  await week(6, rest);
  expect(await scoreAlert("a")).toMatchObject({ state: AlertState.RESOLVED, disposition: Disposition.LAPSED });
});

test("an open warning becomes critical without a new alert, and a resolved warning opens again early when it does", async () => {
  await week(1, { id: "a", score: 0.7 }, { id: "b", score: 0.7 });
  await week(2, { id: "a", score: 0.7 }, { id: "b", score: 0.7 });
  const b = (await scoreAlert("b"))?.alertId ?? "";
  await ops.alerts.resolveAlert({ ...(await seenAlert(ops, b)), disposition: Disposition.FALSE_MODEL });
  await week(3, { id: "a", score: 0.86 }, { id: "b", score: 0.86 });
  const a = await scoreAlert("a");
  expect(a?.severity).toBe(AlertSeverity.CRITICAL);
  expect(await kinds(a?.alertId ?? "")).toEqual([AlertEventKind.RAISED, AlertEventKind.ESCALATED]);
  expect(await scoreAlert("b")).toMatchObject({ state: AlertState.OPEN, severity: AlertSeverity.CRITICAL });
});

test("the capacity rule selects the ten suppliers of highest impact that have no score alert", async () => {
  const crowd = Array.from({ length: 15 }, (_, i) => ({ id: `c${i}`, score: 0.5, exposure: 100 + i }));
  const quiet = Array.from({ length: 5 }, (_, i) => ({ id: `q${i}`, score: 0.1 }));
  // The mean is 0.43: most suppliers are above it, "low" is below it.
  const apart = [
    { id: "covered", score: 0.99, exposure: 1e9 },
    { id: "low", score: 0.39, exposure: 1e9 },
  ];
  const rows = [...crowd, ...quiet, ...apart];
  await week(1, ...rows);
  const alerts = await alertsOf();
  const impact = alerts
    .filter(({ dimension }) => dimension === AlertDimension.IMPACT)
    .map(({ supplierId }) => supplierId);
  expect(impact.sort()).toEqual(Array.from({ length: 10 }, (_, i) => `c${i + 5}`).sort());
  expect(alerts.filter(({ supplierId }) => supplierId === "covered")).toHaveLength(1);
  const ids = alerts.map(({ alertId }) => alertId).sort();
  await week(2, ...rows);
  expect((await alertsOf()).map(({ alertId }) => alertId).sort()).toEqual(ids);
});

describe("the weekly capacity of ten", () => {
  /** Suppliers with the same score above the mean; the first one has the highest impact. */
  const crowd = Array.from({ length: 15 }, (_, i) => ({ id: `c${i}`, score: 0.5, exposure: 200 - i }));
  const quiet = Array.from({ length: 5 }, (_, i) => ({ id: `q${i}`, score: 0.1 }));
  const activeIds = async () =>
    (await alertsOf("", [AlertState.OPEN, AlertState.ACKNOWLEDGED]))
      .map(({ supplierId }) => Number(supplierId.slice(1)))
      .sort((a, b) => a - b);
  const resolve = async (supplierId: string) => {
    const alertId = (await alertsOf(supplierId))[0]?.alertId ?? "";
    await ops.alerts.resolveAlert({ ...(await seenAlert(ops, alertId)), disposition: Disposition.ACCEPTED });
  };

  test("is used by active alerts; suppliers whose alerts an analyst resolved are left out until the end of their cool-down", async () => {
    await week(1, ...crowd, ...quiet);
    expect(await activeIds()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const id of ["c0", "c4", "c9"]) await resolve(id);
    clock = new Date(clock.getTime() + 1);
    expect(await week(2, ...crowd, ...quiet)).toMatchObject({ alertsRaised: 3 });
    // The clock does not matter: a cool-down is a number of weeks.
    clock = new Date(clock.getTime() + 100 * DAY_MS);
    expect(await week(3, ...crowd, ...quiet)).toMatchObject({ alertsRaised: 0 });
    expect(await activeIds()).toEqual([1, 2, 3, 5, 6, 7, 8, 10, 11, 12]);
    expect(await week(4, ...crowd, ...quiet)).toMatchObject({ alertsRaised: 3 });
    // Alerts 0 to 9 are raised again; 10, 11 and 12 stay, because they are among the first twenty.
    expect(await activeIds()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  test("does not select a supplier whose score alert an analyst has just resolved", async () => {
    const rows = [...crowd, ...quiet, { id: "c99", score: 0.9, exposure: 1e6 }];
    await week(1, ...rows);
    await resolve("c99");
    clock = new Date(clock.getTime() + 1);
    await week(2, ...rows);
    await week(3, ...rows);
    expect(await activeIds()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await week(4, ...rows);
    expect(await scoreAlert("c99")).toMatchObject({ state: AlertState.OPEN, raisedWeek: "2026-W04" });
  });
});

test("an alert is acknowledged and resolved, and a resolved alert does not change", async () => {
  await week(1, { id: "a", score: 0.9 });
  const alertId = (await scoreAlert("a"))?.alertId ?? "";
  const { alert } = await ops.alerts.acknowledgeAlert({ alertId, version: 1n, note: "mine" });
  expect(alert).toMatchObject({ state: AlertState.ACKNOWLEDGED, acknowledgedBy: "anonymous", version: 2n });
  expect((await ops.alerts.acknowledgeAlert({ alertId, version: 2n })).alert).toEqual(alert);
  const close = { alertId, version: 2n, disposition: Disposition.MITIGATED, note: "new supplier found" };
  const closed = await ops.alerts.resolveAlert(close);
  expect(closed.alert).toMatchObject({ state: AlertState.RESOLVED, disposition: Disposition.MITIGATED });
  expect(await ops.alerts.resolveAlert(close)).toEqual(closed);
  const taken = await failureOf(ops.alerts.acknowledgeAlert({ alertId, version: 3n }));
  expect([taken.code, taken.rawMessage]).toEqual([
    Code.FailedPrecondition,
    expect.stringContaining("is resolved (mitigated)"),
  ]);
  const other = await failureOf(ops.alerts.resolveAlert({ ...close, version: 3n, disposition: Disposition.ACCEPTED }));
  expect(other.code).toBe(Code.FailedPrecondition);
  expect(await kinds(alertId)).toEqual([AlertEventKind.RAISED, AlertEventKind.ACKNOWLEDGED, AlertEventKind.RESOLVED]);
  const { records } = await ops.audit.queryEvents({ subject: alertId });
  expect(records.map(({ event }) => event?.kind)).toEqual(["alert.resolved", "alert.acknowledged"]);
});

test("unknown alerts are NOT_FOUND; invalid ids and dispositions are rejected", async () => {
  const alertId = randomUUID();
  const disposition = Disposition.ACCEPTED;
  for (const call of [
    () => ops.alerts.getAlert({ alertId }),
    () => ops.alerts.acknowledgeAlert({ alertId, version: 1n }),
    () => ops.alerts.resolveAlert({ alertId, version: 1n, disposition }),
  ])
    expect((await failureOf(call())).code).toBe(Code.NotFound);
  for (const call of [
    () => ops.alerts.getAlert({ alertId: "7" }),
    () => ops.alerts.resolveAlert({ alertId, version: 1n }),
    () => ops.alerts.resolveAlert({ alertId, version: 1n, disposition: Disposition.CLEARED }),
    () => ops.alerts.resolveAlert({ alertId, version: 1n, disposition: Disposition.FALSE_ALARM }),
    () => ops.alerts.resolveAlert({ alertId, disposition }),
    () => ops.alerts.listAlerts({ pageToken: "bm9uc2Vuc2U" }),
    () => ops.alerts.listAlerts({ pageSize: 201 }),
  ])
    expect((await failureOf(call())).code).toBe(Code.InvalidArgument);
});

test("an earlier week that completes late changes no alert, because its scores are older; it becomes the week before", async () => {
  await week(1, { id: "a", score: 0.9 }, { id: "b", score: 0.1 });
  await week(4, { id: "a", score: 0.95 }, { id: "b", score: 0.1 });
  const shown = async () =>
    (await alertsOf()).map(({ scoreChange, trend, reasons, sequence, ...alert }) => ({ alert, scoreChange }));
  const [before] = await shown();
  expect(before?.scoreChange).toBeCloseTo(0.05, 12);
  const late = [
    { id: "a", score: 0.1 },
    { id: "b", score: 0.9 },
  ];
  expect(await week(2, ...late)).toMatchObject({ alertsRaised: 0 });
  await week(3, ...late);
  expect(await shown()).toEqual([{ ...before, scoreChange: 0.95 - 0.1 }]);
  await week(5, { id: "a", score: 0.96 }, { id: "b", score: 0.9 });
  expect(await scoreAlert("b")).toMatchObject({ raisedWeek: "2026-W05" });
});

test("a decision of an analyst is kept when the rules are evaluated at the same time, and other alerts can be changed", async () => {
  await runWeek(ops, "2026-W01", [{ id: "other", score: 0.9 }], { modelName: "another-model" });
  const other = (await scoreAlert("other"))?.alertId ?? "";
  await week(1, { id: "a", score: 0.7 }, { id: "b", score: 0.1 });
  await week(2, { id: "a", score: 0.7 }, { id: "b", score: 0.1 });
  const alertId = (await scoreAlert("a"))?.alertId ?? "";
  const pool = await openPostgres(databaseUrl);
  onTestFinished(() => pool.close());
  const isWaiting = async (text: string) =>
    expect(
      await pool.query(
        `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ilike $1 and datname = current_database()`,
        [text],
      ),
    ).toMatchObject({ rowCount: 1 });
  let evaluating: ReturnType<typeof week> | undefined;
  await inTransaction(pool, async (tx) => {
    await tx.query("select from bellwether.alert where id = $1 for update", [alertId]);
    evaluating = week(3, { id: "a", score: 0.9 }, { id: "b", score: 0.1 });
    await vi.waitFor(() => isWaiting("%bellwether%alert%"), { timeout: 15_000 });
    expect((await ops.alerts.acknowledgeAlert(await seenAlert(ops, other))).alert?.version).toBe(2n);
    await tx.query("update bellwether.alert set state = 'acknowledged', acknowledged_by = 'jo' where id = $1", [
      alertId,
    ]);
  });
  await evaluating;
  expect(await scoreAlert("a")).toMatchObject({
    severity: AlertSeverity.CRITICAL,
    state: AlertState.ACKNOWLEDGED,
    acknowledgedBy: "jo",
  });
});

test("the pages contain each alert once, highest severity first", async () => {
  const scoreOf = (i: number): number => (i < 12 ? 0.87 + i / 100 : i < 23 ? 0.5 : 0.1);
  const rows = Array.from({ length: 60 }, (_, i) => ({ id: `s${i}`, score: scoreOf(i) }));
  await week(1, ...rows);
  const seen: { alertId: string; severity: AlertSeverity; riskScore: number }[] = [];
  for (let pageToken = ""; ; ) {
    const page = await ops.alerts.listAlerts({ pageSize: 5, pageToken });
    seen.push(...page.alerts);
    if (page.nextPageToken === "") break;
    pageToken = page.nextPageToken;
  }
  expect(new Set(seen.map(({ alertId }) => alertId)).size).toBe(22);
  expect(seen).toHaveLength(22);
  expect(seen).toEqual(seen.toSorted((a, b) => b.severity - a.severity || b.riskScore - a.riskScore));
});

test("a watch receives raised and acknowledged alerts", async () => {
  const reported: AlertState[] = [];
  const stop = new AbortController();
  const watching = (async () => {
    for await (const { alerts } of ops.alerts.watchAlerts({}, { signal: stop.signal })) {
      reported.push(...alerts.map(({ state }) => state));
      if (alerts.length === 0) await week(1, { id: "a", score: 0.9 });
      else if (reported.length === 1)
        await ops.alerts.acknowledgeAlert({ alertId: alerts[0]?.alertId ?? "", version: 1n });
      else stop.abort();
    }
  })();
  expect((await failureOf(watching)).code).toBe(Code.Canceled);
  expect(reported).toEqual([AlertState.OPEN, AlertState.ACKNOWLEDGED]);
});

test("GET /alerts and GET /batch/status answer in the format of the earlier monolith", async () => {
  const get = async (path: string) => {
    const response = await fetch(`${ops.webUrl}${path}`);
    return { status: response.status, body: await response.json() };
  };
  expect((await get("/batch/status")).status).toBe(404);
  expect((await get("/alerts")).body).toEqual({ alerts: [], next_page_token: "" });
  await week(1, { id: "a", score: 0.9 });
  expect((await get("/alerts?severity=critical&state=open")).body).toMatchObject({
    alerts: [
      {
        supplier_id: "a",
        rule_id: "high-score",
        dimension: "score",
        risk_score: 0.9,
        state: "open",
        severity: "critical",
      },
    ],
    next_page_token: "",
  });
  expect((await get("/batch/status")).body).toMatchObject({
    iso_week: "2026-W01",
    state: "complete",
    rows_read: 1,
    rows_scored: 1,
    rows_rejected: 0,
  });
  expect((await get("/audit?kind=run.completed")).body).toMatchObject({
    events: [{ event: { kind: "run.completed", subject: "run/1" }, sequence: 1 }],
  });
  for (const path of ["/alerts?state=lost", "/alerts?page_size=many", "/batch/status?iso_week=now"])
    expect((await get(path)).status).toBe(400);
  for (const [path, message] of [
    ["/alerts?states=open", 'states: unknown query parameter; did you mean "state"? known: state, '],
    ["/alerts?state=opne", 'state: "opne" does not exist; did you mean "open"? known: open, '],
    ["/alerts?severity=critical&severity=warning", "severity: is given 2 times; give it once"],
    ["/audit?from=2099-01-01", "from: unknown query parameter; "],
    ["/batch/status?week=2026-W01", "week: unknown query parameter; known: "],
  ] as const) {
    const { status, body } = await get(path);
    expect([status, body.message]).toEqual([400, expect.stringContaining(message)]);
  }
});

test("an unknown enum name or field is rejected in Connect JSON", async () => {
  const rejected = async (method: string, json: object) => {
    const response = await fetch(`${ops.webUrl}/bellwether.ops.v1.${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(json),
    });
    return [response.status, (await response.json()).message];
  };
  expect(await rejected("SupplierService/ListSuppliers", { band: "LOW" })).toEqual([
    400,
    expect.stringMatching(/^band: "LOW" is not a name of Band; known: BAND_LOW, /),
  ]);
  expect(await rejected("AlertService/ListAlerts", { states: ["ALERT_STATE_OPEN", "open"] })).toEqual([
    400,
    expect.stringMatching(/^states\[1\]: "open" is not a name of AlertState; /),
  ]);
  for (const pageSize of [-1, 1.5, 4_294_967_296, "many"])
    expect(await rejected("AlertService/ListAlerts", { pageSize })).toEqual([
      400,
      `page_size: is ${JSON.stringify(pageSize)}; expected a whole number from 0 to 200`,
    ]);
  expect(await rejected("AuditService/QueryEvents", { occurredForm: "2026-01-01T00:00:00Z" })).toEqual([
    400,
    expect.stringMatching(/^occurredForm: unknown field of QueryEventsRequest; did you mean "occurredFrom"\? known: /),
  ]);
});
