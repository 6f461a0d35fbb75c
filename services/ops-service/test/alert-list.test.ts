import { AlertState, AlertTrend, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import {
  AlertOrder,
  AlertOwnership,
  AlertSnoozeFilter,
  AlertTab,
  type ListAlertsRequestSchema,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureOf, type OpsHarness, runWeek, seenAlert, startOps } from "./ops-harness.ts";

let cluster: PostgresServer;
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
  cluster = await usePostgres();
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
  [{ dispositions: [Disposition.MITIGATED] }, ["closed_50%"]],
  [{ dispositions: [Disposition.ACCEPTED, Disposition.MITIGATED] }, ["closed_50%"]],
  [{ dispositions: [Disposition.ACCEPTED] }, []],
  [{ dispositions: [Disposition.MITIGATED], states: [AlertState.OPEN] }, []],
  [{ dispositions: [Disposition.MITIGATED], tab: AlertTab.DECIDED }, ["closed_50%"]],
  [{ dispositions: [Disposition.MITIGATED], tab: AlertTab.NEW }, []],
])("the filter %o selects %j, and counts them", async (filter, expected) => {
  const { alerts, totalSize, tabCounts } = await ops.alerts.listAlerts(filter);
  expect(alerts.map(({ supplierId }) => supplierId).sort()).toEqual(expected);
  expect(totalSize).toBe(expected.length);
  if (
    Object.keys(filter).every((name) =>
      ["tab", "trend", "snoozed", "ownership", "states", "dispositions"].includes(name),
    )
  )
    expect(tabCounts).toMatchObject({
      ...{ activeAlerts: 6, myAlerts: 1, newAlerts: 1, worseAlerts: 1, snoozedAlerts: 1, decidedAlerts: 1 },
    });
});

test("alerts of the same severity have the highest expected impact first, over all pages", async () => {
  const seen: string[] = [];
  for (let pageToken = ""; ; ) {
    const page = await ops.alerts.listAlerts({ pageSize: 2, pageToken });
    seen.push(...page.alerts.map(({ supplierId }) => supplierId));
    pageToken = page.nextPageToken;
    if (pageToken === "") break;
  }
  expect(seen).toEqual(["falling", "mine", "asleep", "steady", "rising", "fresh"]);
});

const byRest = async (query: string): Promise<{ status: number; body: RestAnswer }> => {
  const response = await fetch(`${ops.webUrl}/alerts?${query}`);
  return { status: response.status, body: await response.json() };
};

interface RestAnswer {
  readonly alerts?: readonly { readonly supplier_id: string; readonly alert_id: string }[];
  readonly next_page_token?: string;
  readonly message?: string;
}

test.each<[query: string, expected: readonly string[]]>([
  ["iso_week=2026-W02", ALL],
  ["iso_week=2026-W01", []],
  ["rule_id=high-score", ALL],
  ["rule_id=weekly-capacity", []],
  ["model_name=supplier-risk", ALL],
  ["owner=anonymous", ["mine"]],
  ["ownership=mine", ["mine"]],
  ["ownership=nobody", ALL.filter((id) => id !== "mine")],
  ["region=US", ["falling", "mine"]],
  ["region=US&owner=anonymous", ["mine"]],
  ["category=none", []],
  ["text=ALLING", ["falling"]],
  ["text=50%25&state=resolved&state=open", ["closed_50%"]],
  ["snoozed=snoozed", ["asleep"]],
  ["snoozed=awake", ALL.filter((id) => id !== "asleep")],
  ["trend=better", ["falling"]],
  ["tab=mine", ["mine"]],
  ["tab=new", ["fresh"]],
  ["tab=worse", ["rising"]],
  ["tab=snoozed", ["asleep"]],
  ["tab=decided", ["closed_50%"]],
  ["disposition=mitigated&disposition=accepted", ["closed_50%"]],
  ["disposition=cleared", []],
  ["region=", ALL],
  ["week_change=snoozed&model_name=supplier-risk&change_week=2026-W02", ["asleep"]],
  [
    "week_change=raised&model_name=supplier-risk&change_week=2026-W01",
    ["asleep", "closed_50%", "falling", "mine", "rising", "steady"],
  ],
])("GET /alerts?%s selects %j", async (query, expected) => {
  const { status, body } = await byRest(query);
  expect([status, body.alerts?.map((alert) => alert.supplier_id).sort()]).toEqual([200, expected]);
});

test("GET /alerts has the orders of ListAlerts, over all pages", async () => {
  const seen: string[] = [];
  for (let token = ""; ; ) {
    const { body } = await byRest(`order=expected_impact&page_size=2&page_token=${token}`);
    seen.push(...(body.alerts ?? []).map((alert) => alert.supplier_id));
    token = body.next_page_token ?? "";
    if (token === "") break;
  }
  expect(seen).toEqual(["falling", "mine", "asleep", "steady", "rising", "fresh"]);
  expect((await byRest("order=score_change&page_size=1")).body.alerts?.[0]?.supplier_id).toBe("rising");
  expect((await byRest("order=severity")).body.alerts).toHaveLength(ALL.length);
});

test.each([
  ["week=2026-W02", "week: unknown query parameter; known: "],
  ["tab=News", 'tab: "News" does not exist; did you mean "new"? known: '],
  ["tab=", 'tab: "" does not exist; '],
  ["order=impact", 'order: "impact" does not exist; '],
  ["disposition=unspecified", 'disposition: "unspecified" does not exist; '],
  ["tab=new&tab=mine", "tab: is given 2 times; give it once"],
  ["iso_week=2026-W99", "iso_week: 2026 has the weeks W01 to W53"],
  ["alert_id_prefix=0189", "alert_id_prefix: expected the first 8 or more characters of an id such as "],
  ["page_size=-1", 'page_size: "-1" is not possible; expected a whole number from 0 to 200'],
  ["page_size=1.5", 'page_size: "1.5" is not possible; expected a whole number from 0 to 200'],
  ["page_size=4294967296", 'page_size: "4294967296" is not possible; expected a whole number from 0 to 200'],
  ["page_size=201", "page_size: must be less than or equal to 200"],
])("GET /alerts?%s is rejected, and the error names the way out", async (query, message) => {
  const { status, body } = await byRest(query);
  expect([status, body.message]).toEqual([400, expect.stringContaining(message)]);
});

test.each([8, 9, 12, 14, 18, 23, 24, 36])(
  "the first %d characters of an alert's id select it, in any state and case",
  async (length) => {
    const all = await ops.alerts.listAlerts({ states: [AlertState.OPEN, AlertState.RESOLVED], pageSize: 200 });
    const states = new Set<AlertState>();
    for (const { alertId, state } of all.alerts) {
      const alertIdPrefix = alertId.slice(0, length).toUpperCase();
      const expected = all.alerts.filter((alert) => alert.alertId.startsWith(alertId.slice(0, length)));
      const { alerts, totalSize } = await ops.alerts.listAlerts({ alertIdPrefix });
      expect(alerts.map((alert) => alert.alertId).sort()).toEqual(expected.map((alert) => alert.alertId).sort());
      expect(totalSize).toBe(expected.length);
      expect((await byRest(`alert_id_prefix=${alertIdPrefix}`)).body.alerts?.[0]?.alert_id).toBe(alertId);
      states.add(state);
    }
    expect(states.size).toBe(2);
  },
);

test.each(["0", "0123456", "0123456g", "01234567-01234", "01234567-0123-0123-0123-0123456789abc", "01234567 "])(
  "the id prefix %j is rejected",
  async (alertIdPrefix) => {
    const failure = await failureOf(ops.alerts.listAlerts({ alertIdPrefix }));
    expect([failure.code, failure.rawMessage]).toEqual([
      Code.InvalidArgument,
      expect.stringContaining("alert_id_prefix: expected the first 8 or more characters of an id"),
    ]);
  },
);

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
