import { isoWeekNumber } from "@bellwether/contract/iso-week";
import { AlertSeverity, AlertState, AlertTrend } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import {
  AlertOrder,
  AlertOwnership,
  AlertTab,
  type ListAlertsRequestSchema,
  WeekChange,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Names, named, nameOf, queryOf, uuidOf } from "./query.ts";

/** What the inbox shows. All of it is in the address, so that a view can be bookmarked and sent. */
export interface InboxView {
  readonly tab: AlertTab;
  /** States instead of a tab. Empty: those of the tab, and without a tab all that are not resolved. */
  readonly states: readonly AlertState[];
  readonly order: AlertOrder;
  /** UNSPECIFIED: all severities. */
  readonly severity: AlertSeverity;
  /** UNSPECIFIED: alerts with every change since the week before. */
  readonly trend: AlertTrend;
  readonly ownership: AlertOwnership;
  /** The other conditions. Empty: no condition. */
  readonly owner: string;
  readonly region: string;
  readonly category: string;
  readonly ruleId: string;
  readonly isoWeek: string;
  readonly modelName: string;
  /** Only alerts that changed in this way in `changeWeek`, as the page of the week counts them; needs `modelName`. */
  readonly weekChange: WeekChange;
  /** ISO week. Empty: the latest complete one. */
  readonly changeWeek: string;
  /** Text of the supplier's name or id. */
  readonly text: string;
  /** Only alerts about suppliers of this watchlist. Empty: all. */
  readonly watchlistId: string;
}

/** All alerts that need a decision, by severity and in it by expected impact. */
export const ACTIVE_ALERTS: InboxView = {
  tab: AlertTab.UNSPECIFIED,
  states: [],
  order: AlertOrder.UNSPECIFIED,
  severity: AlertSeverity.UNSPECIFIED,
  trend: AlertTrend.UNSPECIFIED,
  ownership: AlertOwnership.UNSPECIFIED,
  ...{ owner: "", region: "", category: "", ruleId: "", isoWeek: "", modelName: "", text: "", watchlistId: "" },
  ...{ weekChange: WeekChange.UNSPECIFIED, changeWeek: "" },
};

const TABS: Names<AlertTab> = {
  mine: AlertTab.MINE,
  new: AlertTab.NEW,
  worse: AlertTab.WORSE,
  snoozed: AlertTab.SNOOZED,
  decided: AlertTab.DECIDED,
};
const STATES: Names<AlertState> = {
  open: AlertState.OPEN,
  acknowledged: AlertState.ACKNOWLEDGED,
  in_mitigation: AlertState.IN_MITIGATION,
  resolved: AlertState.RESOLVED,
};
const ORDERS: Names<AlertOrder> = { money: AlertOrder.EXPECTED_IMPACT, change: AlertOrder.SCORE_CHANGE };
const SEVERITIES: Names<AlertSeverity> = { warning: AlertSeverity.WARNING, critical: AlertSeverity.CRITICAL };
const TRENDS: Names<AlertTrend> = {
  new: AlertTrend.NEW,
  worse: AlertTrend.WORSE,
  better: AlertTrend.BETTER,
  same: AlertTrend.SAME,
};
const WEEK_CHANGES: Names<WeekChange> = {
  raised: WeekChange.RAISED,
  worse: WeekChange.WORSE,
  better: WeekChange.BETTER,
  cleared: WeekChange.CLEARED,
  snoozed: WeekChange.SNOOZED,
  resolved: WeekChange.RESOLVED,
};
const OWNERSHIPS: Names<AlertOwnership> = { me: AlertOwnership.MINE, nobody: AlertOwnership.NOBODY };

/** Maximum length of a text condition of the contract, bytes. */
const MAX_TEXT_BYTES = 200;

/** Parses the query of an address. Values that are not valid are ignored. */
export function inboxViewOf(wanted: URLSearchParams): InboxView {
  const one = <V extends number>(names: Names<V>, key: string, otherwise: V): V =>
    named(names, wanted.get(key) ?? "") ?? otherwise;
  const text = (key: string, max: number): string => cutToBytes(wanted.get(key) ?? "", max);
  const week = (key: string): string => {
    const found = wanted.get(key) ?? "";
    return isoWeekNumber(found) === undefined ? "" : found;
  };
  const modelName = text("model", 64);
  // The server knows the changes of a week for one model only.
  const weekChange = modelName === "" ? WeekChange.UNSPECIFIED : one(WEEK_CHANGES, "changed", WeekChange.UNSPECIFIED);
  const states = (wanted.get("state") ?? "").split(",").flatMap((name) => named(STATES, name) ?? []);
  return {
    tab: states.length > 0 ? AlertTab.UNSPECIFIED : one(TABS, "tab", AlertTab.UNSPECIFIED),
    states: [...new Set(states)],
    order: one(ORDERS, "order", AlertOrder.UNSPECIFIED),
    severity: one(SEVERITIES, "severity", AlertSeverity.UNSPECIFIED),
    trend: one(TRENDS, "trend", AlertTrend.UNSPECIFIED),
    ownership: one(OWNERSHIPS, "owned", AlertOwnership.UNSPECIFIED),
    owner: text("owner", 128),
    region: text("region", 256),
    category: text("category", 256),
    ruleId: text("rule", 40),
    isoWeek: week("week"),
    modelName,
    weekChange,
    changeWeek: weekChange === WeekChange.UNSPECIFIED ? "" : week("in"),
    text: text("text", MAX_TEXT_BYTES),
    watchlistId: uuidOf(wanted.get("watchlist")),
  };
}

/** Returns the query of a view's address, from "?" on; with `alertId`, the alert whose panel is open. */
export function inboxQueryOf(view: InboxView, alertId = ""): string {
  const named = (names: Names<number>, value: number): string => (value === 0 ? "" : nameOf(names, value));
  return queryOf({
    tab: named(TABS, view.tab),
    state: view.states.map((state) => nameOf(STATES, state)).join(","),
    severity: named(SEVERITIES, view.severity),
    trend: named(TRENDS, view.trend),
    owned: named(OWNERSHIPS, view.ownership),
    owner: view.owner,
    region: view.region,
    category: view.category,
    rule: view.ruleId,
    week: view.isoWeek,
    model: view.modelName,
    changed: named(WEEK_CHANGES, view.weekChange),
    in: view.changeWeek,
    text: view.text,
    watchlist: view.watchlistId,
    order: named(ORDERS, view.order),
    alert: alertId,
  });
}

/** Returns the request that lists a view. */
export function listRequestOf(view: InboxView): MessageInitShape<typeof ListAlertsRequestSchema> {
  return { ...view, states: [...view.states], pageToken: "" };
}

/** Returns the number of conditions of a view, without its tab and its text. */
export function countConditions(view: InboxView): number {
  const { owner, region, category, ruleId, isoWeek, modelName, severity, trend, ownership, states, weekChange } = view;
  const texts = [owner, region, category, ruleId, isoWeek, modelName];
  const set = [...texts, severity, trend, ownership, states.length, weekChange];
  return set.filter(Boolean).length;
}

/** Returns a text without zero bytes, and at most `max` bytes of it. */
export function cutToBytes(text: string, max: number): string {
  const bytes = new TextEncoder().encode(text.replaceAll("\0", ""));
  return new TextDecoder().decode(bytes.slice(0, max)).replace(/\uFFFD+$/, "");
}
