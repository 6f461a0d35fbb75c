import {
  type Alert,
  AlertEventKind,
  type AlertEventSchema,
  AlertSnoozeSchema,
  AlertState,
  AlertTrend,
  Disposition,
} from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import {
  type AlertAction,
  AlertOrder,
  AlertOwnership,
  AlertService,
  AlertTab,
  type ListAlertsRequest,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import type { BacktestRulesResponseSchema } from "@bellwether/gen/bellwether/ops/v1/backtest_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampNow } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { createWatched } from "./watched.ts";

const HEARTBEAT_MS = 2_000;
const MAX_COUNT = 10_001;
type EventInit = MessageInitShape<typeof AlertEventSchema>;
type Watched = MessageInitShape<typeof AlertService.method.watchAlerts.output>;

/** The person who uses the page in the tests. */
export const READER = "ana";

export interface AlertsData {
  alerts: Alert[];
  /** The owners whose deputy the reader is. Undefined: nobody. */
  deputyFor?: string[];
  /** Returns the suppliers of a watchlist. Undefined: the reader does not see the list. */
  watched?: (watchlistId: string) => readonly string[] | undefined;
}

/**
 * Returns AlertService over alerts in memory, with what the page relies on: tabs, filters, order, pages, versions,
 * undo and a watch that continues after a position.
 * @param meanwhile changes an alert as somebody else would, between the user's click and the call
 */
export function alertsInMemory(
  data: AlertsData,
  meanwhile: (alert: Alert) => void = () => {},
  backtestRules: () => MessageInitShape<typeof BacktestRulesResponseSchema> = () => ({}),
) {
  const changes = createWatched<Watched>();
  const events = new Map<string, EventInit[]>();
  /** State before the last action, by alert. */
  const before = new Map<string, Partial<Alert>>();
  let sequence = 0n;
  const log: Alert[] = [];

  const find = (alertId: string): Alert => {
    const alert = data.alerts.find((one) => one.alertId === alertId);
    if (!alert) throw new ConnectError("no such alert", Code.NotFound);
    return alert;
  };
  const publish = (alerts: readonly Alert[]): void => {
    sequence++;
    for (const alert of alerts) {
      alert.sequence = sequence;
      log.push(alert);
    }
    changes.report({ alerts: [...alerts], sequence });
  };
  /** Records that somebody changed an alert. */
  const record = (alert: Alert, event: EventInit, actor = READER): void => {
    Object.assign(alert, { version: alert.version + 1n, changedBy: actor, changedAt: timestampNow() });
    const entry = { ...event, actor, occurredAt: timestampNow(), version: alert.version };
    events.set(alert.alertId, [entry, ...(events.get(alert.alertId) ?? [])]);
    publish([alert]);
  };
  const perform = (action: AlertAction) => {
    const { case: kind, value } = action.action;
    if (!kind) throw new ConnectError("no action", Code.InvalidArgument);
    const alert = find(value.alertId);
    meanwhile(alert);
    const failure = (code: string, reason: string, message: string) => ({
      ...{ alertId: alert.alertId, alert: { ...alert }, error: { code, reason, message } },
    });
    if (alert.version !== value.version) return failure("ABORTED", "ALERT_CHANGED", "the alert has another version");
    if (kind === "undo") {
      Object.assign(alert, { snooze: undefined }, before.get(alert.alertId));
      record(alert, { kind: AlertEventKind.UNDONE });
      return { alertId: alert.alertId, alert: { ...alert } };
    }
    const isResolved = alert.state === AlertState.RESOLVED;
    if (isResolved && kind !== "reopen" && kind !== "comment") {
      return failure("FAILED_PRECONDITION", "ALERT_RESOLVED", "the alert is resolved");
    }
    const { state, disposition, owner, severity } = alert;
    before.set(alert.alertId, { state, disposition, owner, severity });
    record(alert, apply(alert, action));
    return { alertId: alert.alertId, alert: { ...alert } };
  };

  const routes: Route[] = [
    route(AlertService, {
      listAlerts: (request) => listAlerts(data, request),
      getAlert: ({ alertId }) => ({ alert: find(alertId), events: events.get(alertId) ?? [] }),
      backtestRules,
      decideAlerts: ({ actions }) => ({ results: actions.map(perform) }),
      suggestOwners: ({ prefix }) => {
        const owners = [...new Set(data.alerts.map(({ owner }) => owner))].filter((owner) => owner !== "");
        return { owners: owners.filter((owner) => owner.startsWith(prefix)).map((owner) => ({ owner })) };
      },
      async *watchAlerts({ afterSequence }, { signal }) {
        const heartbeat = setInterval(() => changes.report({}), HEARTBEAT_MS);
        try {
          const missed = afterSequence === undefined ? [] : log.filter((one) => one.sequence > afterSequence);
          yield { alerts: [...new Set(missed)], sequence };
          yield* changes.values(signal);
        } finally {
          clearInterval(heartbeat);
        }
      },
    }),
  ];
  return { routes, changes, publish, record };
}

/** Changes an alert by an action of the reader. */
function apply(alert: Alert, { action }: AlertAction): EventInit {
  switch (action.case) {
    case "acknowledge":
      Object.assign(alert, { state: AlertState.ACKNOWLEDGED, acknowledgedBy: READER });
      return { kind: AlertEventKind.ACKNOWLEDGED, note: action.value.note };
    case "startMitigation":
      alert.state = AlertState.IN_MITIGATION;
      return { kind: AlertEventKind.MITIGATION_STARTED };
    case "resolve":
      Object.assign(alert, { state: AlertState.RESOLVED, disposition: action.value.disposition });
      return { kind: AlertEventKind.RESOLVED, note: action.value.note };
    case "assign":
      alert.owner = action.value.owner;
      return { kind: AlertEventKind.ASSIGNED, note: action.value.note, detail: `Owner: ${action.value.owner}.` };
    case "snooze": {
      const { until, untilWorse } = action.value;
      Object.assign(alert, { snooze: snoozeOf(until, untilWorse) });
      return { kind: AlertEventKind.SNOOZED };
    }
    case "comment":
      return { kind: AlertEventKind.COMMENTED, note: action.value.comment };
    case "overrideAlert":
      alert.severity = action.value.severity;
      return { kind: AlertEventKind.OVERRIDDEN, note: action.value.reason };
    case "reopen":
      Object.assign(alert, { state: AlertState.OPEN, disposition: Disposition.UNSPECIFIED });
      return { kind: AlertEventKind.REOPENED };
    default:
      throw new ConnectError("no action", Code.InvalidArgument);
  }
}

function snoozeOf(until: Timestamp | undefined, untilWorse: boolean) {
  return until || untilWorse ? create(AlertSnoozeSchema, { untilWorse, ...(until && { until }) }) : undefined;
}

function listAlerts({ alerts: all, deputyFor = [], watched }: AlertsData, request: ListAlertsRequest) {
  const { severity, supplierId, modelName, text, owner, pageToken, pageSize, order, watchlistId } = request;
  const members = watchlistId === "" ? undefined : watched?.(watchlistId);
  if (watchlistId !== "" && !members) throw new ConnectError("there is no watchlist that you can see", Code.NotFound);
  const mine = [READER, ...deputyFor];
  const inFilter = all.filter(
    (alert) =>
      (members === undefined || members.includes(alert.supplierId)) &&
      (severity === 0 || alert.severity === severity) &&
      (modelName === "" || alert.modelName === modelName) &&
      (supplierId === "" || alert.supplierId === supplierId) &&
      (owner === "" || alert.owner === owner) &&
      `${alert.supplierName}\n${alert.supplierId}`.toLowerCase().includes(text.toLowerCase()),
  );
  const found = inFilter
    .filter((alert) => isInTab(alert, request, mine))
    .filter(({ trend }) => request.trend === AlertTrend.UNSPECIFIED || trend === request.trend)
    .filter((alert) => request.ownership !== AlertOwnership.NOBODY || alert.owner === "")
    .toSorted((a, b) =>
      order === AlertOrder.EXPECTED_IMPACT
        ? (b.expectedImpact ?? -1) - (a.expectedImpact ?? -1)
        : order === AlertOrder.SCORE_CHANGE
          ? (b.scoreChange ?? 0) - (a.scoreChange ?? 0)
          : b.severity - a.severity || (b.expectedImpact ?? -1) - (a.expectedImpact ?? -1) || b.riskScore - a.riskScore,
    );
  const start = Number(pageToken);
  const end = start + (pageSize || 50);
  const count = (tab: AlertTab): number =>
    Math.min(MAX_COUNT, inFilter.filter((alert) => isInTab(alert, { tab, states: [] }, mine)).length);
  return {
    alerts: found.slice(start, end),
    nextPageToken: end < found.length ? String(end) : "",
    totalSize: Math.min(MAX_COUNT, found.length),
    deputyFor: [...deputyFor],
    tabCounts: {
      activeAlerts: count(AlertTab.UNSPECIFIED),
      myAlerts: count(AlertTab.MINE),
      newAlerts: count(AlertTab.NEW),
      worseAlerts: count(AlertTab.WORSE),
      snoozedAlerts: count(AlertTab.SNOOZED),
      decidedAlerts: count(AlertTab.DECIDED),
    },
  };
}

function isInTab(
  alert: Alert,
  { tab, states }: Pick<ListAlertsRequest, "tab" | "states">,
  mine: readonly string[],
): boolean {
  if (states.length > 0) return states.includes(alert.state);
  const isActive = alert.state !== AlertState.RESOLVED;
  if (tab === AlertTab.DECIDED) return !isActive;
  if (tab === AlertTab.SNOOZED) return isActive && alert.snooze !== undefined;
  if (tab === AlertTab.UNSPECIFIED) return isActive;
  if (!isActive || alert.snooze) return false;
  if (tab === AlertTab.MINE) return mine.includes(alert.owner);
  return alert.trend === (tab === AlertTab.NEW ? AlertTrend.NEW : AlertTrend.WORSE);
}
