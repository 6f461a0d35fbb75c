import {
  type AlertService,
  ListAlertsRequestSchema,
  WeekChange,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { actorOf, type Caller, callerOf } from "@bellwether/mesh/call/caller";
import { pageTokens } from "@bellwether/mesh/call/page-token";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import type { ServiceImpl } from "@connectrpc/connect";
import type { AlertEvent } from "../../domain/alerts/alert.ts";
import { type KnownOwner, suggestOwners } from "../../domain/alerts/suggest-owners.ts";
import { AlertNotFoundError } from "../../domain/ops-error.ts";
import { checkAlertModel, checkModel, type ScoringModel } from "../../domain/scores/choose-model.ts";
import { type AlertNames, alertEventToProto, alertToProto } from "../messages/alert-to-proto.ts";
import { pageOf, scopeKey } from "../page-token.ts";
import { type AlertActionDependencies, alertActionHandlers } from "./alert-actions.ts";
import { type AlertListOrder, type AlertQuery, keyOf, orderFromProto, queryFromProto } from "./alert-query.ts";
import type { BacktestHandlers } from "./backtest.ts";
import { type AlertWatchDependencies, alertWatch } from "./watch-alerts.ts";

/** The number of alerts of a list, and per tab. */
export interface AlertCounts {
  readonly total: number;
  readonly active: number;
  readonly mine: number;
  readonly fresh: number;
  readonly worse: number;
  readonly snoozed: number;
  readonly decided: number;
}

/** @param mine the owners of the tab of the caller's alerts */
type CountAlerts = (mine: readonly string[]) => Promise<AlertCounts>;

export interface AlertDependencies extends AlertActionDependencies, AlertWatchDependencies {
  /** Replaces the text of a query by the suppliers that it finds. */
  /** Returns the numbers of the suppliers of a watchlist. @throws WatchlistNotFoundError when the caller does not see it */
  readonly watchedNumbers: (watchlistId: string, caller: Caller) => Promise<readonly number[]>;
  readonly findText: (query: AlertQuery) => Promise<AlertQuery>;
  readonly listAlerts: (query: AlertQuery, order: AlertListOrder, limit: number) => Promise<readonly AlertNames[]>;
  /**
   * Counts the alerts of a query's scope, once for the calls that ask at the same time. Returns a function that counts those
   * of the list and of each tab.
   */
  readonly countScope: (query: AlertQuery) => Promise<CountAlerts>;
  /** Returns the owners whose deputy a person is now. */
  readonly ownersOf: (deputy: string) => Promise<readonly string[]>;
  readonly findAlert: (alertId: string, scope: SupplierScope | undefined) => Promise<AlertNames | undefined>;
  readonly listAlertEvents: (alertId: string, limit: number) => Promise<readonly AlertEvent[]>;
  readonly readKnownOwners: (scope: SupplierScope | undefined) => Promise<readonly KnownOwner[]>;
  /** Models with complete runs. */
  readonly listModels: () => Promise<readonly ScoringModel[]>;
  readonly now: () => Date;
}

const DEFAULT_PAGE = 50;
const DEFAULT_OWNERS = 8;
/** Maximum number of events of an alert in a response. */
const MAX_EVENTS = 200;

/** Returns the handlers of AlertService over the alerts of the database. */
export function alertHandlers(deps: AlertDependencies): Omit<ServiceImpl<typeof AlertService>, keyof BacktestHandlers> {
  return {
    ...alertActionHandlers(deps),
    async listAlerts(request, context) {
      const size = request.pageSize || DEFAULT_PAGE;
      const { modelName, weekChange, changeWeek } = request;
      // Without a complete week, there is no latest one to look for changes in.
      if (weekChange !== WeekChange.UNSPECIFIED && changeWeek === "" && modelName !== "")
        checkModel(await deps.listModels(), modelName);
      else if (modelName !== "") checkAlertModel(await deps.listAlertModels(), modelName);
      // The owner of an alert is written like the actor of an action.
      const { scope } = callerOf(context);
      const subject = actorOf(callerOf(context));
      const tokens = pageTokens(ListAlertsRequestSchema, request, subject, ...scopeKey(scope));
      const order = orderFromProto(request, tokens);
      const deputyFor = await deps.ownersOf(subject);
      const mine = [subject, ...deputyFor];
      const { watchlistId } = request;
      const supplierIds = watchlistId === "" ? undefined : await deps.watchedNumbers(watchlistId, callerOf(context));
      const asked = { ...queryFromProto(request, { mine, scope }, deps.now()), ...(supplierIds && { supplierIds }) };
      const query = await deps.findText(asked);
      // At the same time, because calls share the query that counts. A call that has failed leaves no query.
      const [listed, counted] = await Promise.allSettled([
        deps.listAlerts(query, order, size + 1),
        deps.countScope(query),
      ]);
      if (listed.status === "rejected") throw listed.reason;
      if (counted.status === "rejected") throw counted.reason;
      const counts = await counted.value(mine);
      const { items, nextPageToken } = pageOf(listed.value, size, tokens, ({ alert }) => keyOf(alert, order.by));
      return {
        ...{ alerts: items.map(alertToProto), nextPageToken, deputyFor: [...deputyFor] },
        ...countsToProto(counts),
      };
    },
    async getAlert({ alertId }, context) {
      const view = await deps.findAlert(alertId, callerOf(context).scope);
      if (!view) throw new AlertNotFoundError(alertId);
      const events = await deps.listAlertEvents(alertId, MAX_EVENTS);
      return { alert: alertToProto(view), events: events.map(alertEventToProto) };
    },
    async suggestOwners({ prefix, limit }, context) {
      const known = await deps.readKnownOwners(callerOf(context).scope);
      const { owners, isMore } = suggestOwners(known, prefix, limit || DEFAULT_OWNERS);
      return { owners: owners.map(({ owner, activeAlerts }) => ({ owner, activeAlerts })), truncated: isMore };
    },
    watchAlerts: alertWatch(deps),
  };
}

function countsToProto({ total, active, mine, fresh, worse, snoozed, decided }: AlertCounts) {
  return {
    totalSize: total,
    tabCounts: {
      ...{ activeAlerts: active, myAlerts: mine, newAlerts: fresh },
      ...{ worseAlerts: worse, snoozedAlerts: snoozed, decidedAlerts: decided },
    },
  };
}
