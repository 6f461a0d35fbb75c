import { AlertState, AlertTrend, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import {
  AlertOrder,
  AlertOwnership,
  AlertSnoozeFilter,
  AlertTab,
  type ListAlertsRequestSchema,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureOf, type OpsHarness, runWeek, seenAlert, startOps } from "./ops-harness.ts";

let cluster: PostgresCluster;
let ops: OpsHarness;

/** The suppliers with odd positions are in the region US, the others in EU. */
const WEEKS = {
  "2026-W01": [
    { id: "rising", score: 0.86, exposure: 10 },
    { id: "falling", score: 0.95, exposure: 50 },
    { id: "steady", score: 0.9, exposure: 20 },
    { id: "mine", score: 0.9, exposure: 40 },
    { id: "asleep", score: 0.9, exposure: 30 },
    { id: "closed_50%", score: 0.9, exposure: 60 },
  ],
  "2026-W02": [
    { id: "rising", score: 0.96, exposure: 10 },
    { id: "falling", score: 0.87, exposure: 50 },
    { id: "steady", score: 0.9, exposure: 20 },
    { id: "mine", score: 0.9, exposure: 40 },
    { id: "asleep", score: 0.9, exposure: 30 },
    { id: "closed_50%", score: 0.9, exposure: 60 },
    { id: "fresh", score: 0.99, exposure: 5 },
  ],
};

beforeAll(async () => {
  cluster = await startPostgresCluster();
  ops = await startOps(await cluster.createDatabase());
  for (const [week, rows] of Object.entries(WEEKS)) await runWeek(ops, week, rows);
  const seen = async (supplierId: string) =>
    seenAlert(ops, (await ops.alerts.listAlerts({ supplierId })).alerts[0]?.alertId ?? "");
  await ops.alerts.assignAlert({ ...(await seen("mine")), owner: "anonymous" });
  await ops.alerts.snoozeAlert({ ...(await seen("asleep")), untilWorse: true });
  await ops.alerts.resolveAlert({ ...(await seen("closed_50%")), disposition: Disposition.MITIGATED });
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

type Filter = MessageInitShape<typeof ListAlertsRequestSchema>;
const ALL = ["asleep", "falling", "fresh", "mine", "rising", "steady"];

test.each<[Filter, readonly string[]]>([
  [{}, ALL],
  [{ isoWeek: "2026-W02" }, ALL],
  [{ isoWeek: "2026-W01" }, []],
  [{ ruleId: "high-score" }, ALL],
  [{ ruleId: "weekly-capacity" }, []],
  [{ owner: "anonymous" }, ["mine"]],
  [{ ownership: AlertOwnership.MINE }, ["mine"]],
  [{ ownership: AlertOwnership.NOBODY }, ALL.filter((id) => id !== "mine")],
  [{ ownership: AlertOwnership.NOBODY, owner: "anonymous" }, []],
  [{ region: "US" }, ["falling", "mine"]],
  [{ region: "nowhere" }, []],
  [{ category: "none" }, []],
  [{ text: "ALLING" }, ["falling"]],
  [{ text: "name of r" }, ["rising"]],
  [{ text: "%" }, []],
  [{ text: "_" }, []],
  [{ text: "50%", states: [AlertState.RESOLVED] }, ["closed_50%"]],
  [{ text: "\\" }, []],
  [{ snoozed: AlertSnoozeFilter.SNOOZED }, ["asleep"]],
  [{ snoozed: AlertSnoozeFilter.AWAKE }, ALL.filter((id) => id !== "asleep")],
  [{ trend: AlertTrend.NEW }, ["fresh"]],
  [{ trend: AlertTrend.WORSE }, ["rising"]],
  [{ trend: AlertTrend.BETTER }, ["falling"]],
  [{ trend: AlertTrend.SAME }, ["asleep", "mine", "steady"]],
  [{ tab: AlertTab.MINE }, ["mine"]],
  [{ tab: AlertTab.NEW }, ["fresh"]],
  [{ tab: AlertTab.WORSE }, ["rising"]],
  [{ tab: AlertTab.SNOOZED }, ["asleep"]],
  [{ tab: AlertTab.DECIDED }, ["closed_50%"]],
  [{ states: [AlertState.IN_MITIGATION] }, []],
])("the filter %o selects %j, and counts them", async (filter, expected) => {
  const { alerts, totalSize, tabCounts } = await ops.alerts.listAlerts(filter);
  expect(alerts.map(({ supplierId }) => supplierId).sort()).toEqual(expected);
  expect(totalSize).toBe(expected.length);
  if (Object.keys(filter).every((name) => ["tab", "trend", "snoozed", "ownership", "states"].includes(name)))
    expect(tabCounts).toMatchObject({
      ...{ activeAlerts: 6, myAlerts: 1, newAlerts: 1, worseAlerts: 1, snoozedAlerts: 1, decidedAlerts: 1 },
    });
});

test.each<[AlertOrder, readonly string[]]>([
  [AlertOrder.EXPECTED_IMPACT, ["falling", "mine", "asleep", "steady", "rising", "fresh"]],
  [AlertOrder.SCORE_CHANGE, ["rising"]],
])("the order %d holds over all pages", async (order, first) => {
  const seen: string[] = [];
  for (let pageToken = ""; ; ) {
    const page = await ops.alerts.listAlerts({ order, pageSize: 2, pageToken });
    seen.push(...page.alerts.map(({ supplierId }) => supplierId));
    pageToken = page.nextPageToken;
    if (pageToken === "") break;
  }
  expect(seen.toSorted()).toEqual(ALL);
  expect(seen.slice(0, first.length)).toEqual(first);
  if (order === AlertOrder.SCORE_CHANGE) expect(seen.at(-1)).toBe("falling");
});

test("an alert has its supplier's labels and exposure, its impact, the change of its score and its signals", async () => {
  const [rising] = (await ops.alerts.listAlerts({ supplierId: "rising" })).alerts;
  expect(rising).toMatchObject({ region: "EU", category: "", exposure: 10, signals: 2n, trend: AlertTrend.WORSE });
  expect(rising?.scoreChange).toBeCloseTo(0.1, 12);
  expect(rising?.expectedImpact).toBeCloseTo(9.6, 12);
  const [fresh] = (await ops.alerts.listAlerts({ supplierId: "fresh" })).alerts;
  expect(fresh?.scoreChange).toBeUndefined();
});

test("a token of one order is not accepted by another", async () => {
  const { nextPageToken: pageToken } = await ops.alerts.listAlerts({ pageSize: 1 });
  const failure = await failureOf(ops.alerts.listAlerts({ pageSize: 1, pageToken, order: AlertOrder.SCORE_CHANGE }));
  expect(failure.rawMessage).toContain("page_token does not belong to this list");
  const first = await ops.alerts.listAlerts({ pageSize: 1, order: AlertOrder.SCORE_CHANGE });
  const other = { pageSize: 1, pageToken: first.nextPageToken, order: AlertOrder.EXPECTED_IMPACT };
  expect((await failureOf(ops.alerts.listAlerts(other))).rawMessage).toContain("a list with another filter");
});
