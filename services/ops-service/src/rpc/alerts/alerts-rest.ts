import { plainJson } from "@bellwether/contract/flat-json/plain-json";
import { AlertSchema, AlertSeverity, AlertTrend } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import {
  AlertOrder,
  AlertOwnership,
  AlertService,
  AlertSnoozeFilter,
  AlertTab,
  ListAlertsRequestSchema,
  WeekChange,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { type RestRoute, restRoute } from "@bellwether/mesh/rest/rest-route";
import { DISPOSITIONS, SEVERITIES, STATES, TRENDS } from "../messages/alert-to-proto.ts";
import { namingParameters, PAGE_PARAMETERS, pageFromQuery, textFromQuery, valuesFromQuery } from "../rest-query.ts";
import { WEEK_CHANGES } from "./alert-query.ts";

const OWNERSHIPS = { mine: AlertOwnership.MINE, nobody: AlertOwnership.NOBODY };
const SNOOZED = { snoozed: AlertSnoozeFilter.SNOOZED, awake: AlertSnoozeFilter.AWAKE };
const TABS = {
  mine: AlertTab.MINE,
  new: AlertTab.NEW,
  worse: AlertTab.WORSE,
  snoozed: AlertTab.SNOOZED,
  decided: AlertTab.DECIDED,
};
const ORDERS = {
  severity: AlertOrder.UNSPECIFIED,
  expected_impact: AlertOrder.EXPECTED_IMPACT,
  score_change: AlertOrder.SCORE_CHANGE,
};

/** Parameters with any text. */
const TEXTS = [
  ...["supplier_id", "model_name", "iso_week", "rule_id", "owner", "region", "category", "text"],
  ...["alert_id_prefix", "change_week", "watchlist_id"],
];
/** Parameters with one of several names. */
const NAMES = ["severity", "ownership", "snoozed", "trend", "tab", "order", "week_change"];

/** GET /alerts: ListAlerts, with a query parameter for each condition. */
export const ALERTS_ROUTE: RestRoute = restRoute({
  verb: "GET",
  path: "/alerts",
  rpc: AlertService.method.listAlerts,
  query: { single: [...PAGE_PARAMETERS, ...TEXTS, ...NAMES], repeated: ["state", "disposition"] },
  toRequest: ({ query }) => {
    const text = (name: string): string => textFromQuery(query, name);
    const value = <V>(name: string, values: Readonly<Record<string, V>>): V | undefined =>
      valuesFromQuery(query, name, values)[0];
    return {
      ...pageFromQuery(query, ListAlertsRequestSchema.field.pageSize),
      states: valuesFromQuery(query, "state", STATES),
      dispositions: valuesFromQuery(query, "disposition", DISPOSITIONS),
      ...{ supplierId: text("supplier_id"), modelName: text("model_name"), isoWeek: text("iso_week") },
      ...{ ruleId: text("rule_id"), owner: text("owner"), region: text("region"), category: text("category") },
      ...{ text: text("text"), alertIdPrefix: text("alert_id_prefix"), changeWeek: text("change_week") },
      watchlistId: text("watchlist_id"),
      severity: value("severity", SEVERITIES) ?? AlertSeverity.UNSPECIFIED,
      ownership: value("ownership", OWNERSHIPS) ?? AlertOwnership.UNSPECIFIED,
      snoozed: value("snoozed", SNOOZED) ?? AlertSnoozeFilter.UNSPECIFIED,
      trend: value("trend", TRENDS) ?? AlertTrend.UNSPECIFIED,
      tab: value("tab", TABS) ?? AlertTab.UNSPECIFIED,
      weekChange: value("week_change", WEEK_CHANGES) ?? WeekChange.UNSPECIFIED,
      order: value("order", ORDERS) ?? AlertOrder.UNSPECIFIED,
    };
  },
  toJson: ({ alerts, nextPageToken }) => ({
    alerts: alerts.map((alert) => plainJson(AlertSchema, alert)),
    next_page_token: nextPageToken,
  }),
  reword: namingParameters(
    new Map([
      ["states", "state"],
      ["dispositions", "disposition"],
    ]),
  ),
});
