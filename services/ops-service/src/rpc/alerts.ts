import {
  type AlertService,
  type ListAlertsRequest,
  ListAlertsRequestSchema,
  WatchAlertsResponseSchema,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { callerOf } from "@bellwether/mesh/call/caller";
import { type PageTokens, pageTokenError, pageTokens } from "@bellwether/mesh/call/page-token";
import { create } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { AlertEvent, AlertSeverity, AlertState } from "../domain/alert.ts";
import type { Change } from "../domain/change.ts";
import { checkModel, type ScoringModel } from "../domain/choose-model.ts";
import { AlertNotFoundError } from "../domain/ops-error.ts";
import { type AlertTransaction, acknowledgeAlert, resolveAlert } from "../domain/triage-alert.ts";
import {
  type AlertNames,
  alertEventToProto,
  alertToProto,
  dispositionFromProto,
  nameOf,
  SEVERITIES,
  STATES,
} from "./alert-to-proto.ts";
import { pageOf } from "./page-token.ts";
import { shareByKey } from "./shared-query.ts";

/** The conditions of a list, as the store takes them. */
export interface AlertQuery {
  readonly states: readonly AlertState[];
  readonly severity?: AlertSeverity;
  readonly supplierExternalId?: string;
  readonly modelName?: string;
  readonly after?: {
    readonly severity: AlertSeverity;
    readonly changedUs: string;
    readonly riskScore: number;
    readonly id: string;
  };
}

export interface AlertDependencies {
  readonly listAlerts: (query: AlertQuery, limit: number) => Promise<readonly AlertNames[]>;
  readonly findAlert: (alertId: string) => Promise<AlertNames | undefined>;
  readonly listAlertEvents: (alertId: string, limit: number) => Promise<readonly AlertEvent[]>;
  readonly listChanged: (changeId: number, limit: number) => Promise<readonly AlertNames[]>;
  /** Streams changes from now on. The payload is the number of the change. */
  readonly watchAlerts: (signal: AbortSignal) => Promise<AsyncIterable<Change>>;
  /** Models with complete runs. */
  readonly listModels: () => Promise<readonly ScoringModel[]>;
  readonly triage: (work: (transaction: AlertTransaction) => Promise<void>) => Promise<void>;
  readonly now: () => Date;
}

const DEFAULT_PAGE = 50;
/** Maximum number of events of an alert, and of alerts in one change, in a response. */
const MAX_LISTED = 200;
const ACTIVE: readonly AlertState[] = ["open", "acknowledged"];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Returns the handlers of AlertService over the alerts of the database. */
export function alertHandlers(deps: AlertDependencies): ServiceImpl<typeof AlertService> {
  const find = async (alertId: string): Promise<AlertNames> => {
    const view = await deps.findAlert(alertId);
    if (!view) throw new AlertNotFoundError(alertId);
    return view;
  };
  const decision = (request: { alertId: string; note: string }, context: HandlerContext) => {
    const { alertId, note } = request;
    return { alertId, note, actor: callerOf(context).subject, now: deps.now() };
  };
  /** The message that all watches get for one change. Undefined: none. */
  const changedAlerts = shareByKey(async (changeId) => {
    const views = await deps.listChanged(Number(changeId), MAX_LISTED + 1);
    if (views.length === 0) return undefined;
    return create(WatchAlertsResponseSchema, {
      alerts: views.slice(0, MAX_LISTED).map(alertToProto),
      truncated: views.length > MAX_LISTED,
    });
  });
  return {
    async listAlerts(request) {
      const size = request.pageSize || DEFAULT_PAGE;
      if (request.modelName !== "") checkModel(await deps.listModels(), request.modelName);
      const tokens = pageTokens(ListAlertsRequestSchema, request);
      const rows = await deps.listAlerts(queryFromProto(request, tokens), size + 1);
      const page = pageOf(rows, size, tokens, ({ alert }) => [
        alert.severity,
        alert.changedAt.getTime() * 1000,
        alert.riskScore,
        alert.id,
      ]);
      return { alerts: page.items.map(alertToProto), nextPageToken: page.nextPageToken };
    },
    async getAlert({ alertId }) {
      const view = await find(alertId);
      const events = await deps.listAlertEvents(alertId, MAX_LISTED);
      return { alert: alertToProto(view), events: events.map(alertEventToProto) };
    },
    async acknowledgeAlert(request, context) {
      await deps.triage((transaction) => acknowledgeAlert(transaction, decision(request, context)));
      return { alert: alertToProto(await find(request.alertId)) };
    },
    async resolveAlert(request, context) {
      const disposition = dispositionFromProto(request.disposition);
      await deps.triage((transaction) => resolveAlert(transaction, disposition, decision(request, context)));
      return { alert: alertToProto(await find(request.alertId)) };
    },
    async *watchAlerts({ modelName }, { signal }) {
      const changes = await deps.watchAlerts(signal);
      yield {};
      for await (const { payload } of changes) {
        const changed = await changedAlerts(payload);
        // All alerts of one change have the same model: a change is one run, or one decision on one alert.
        if (changed && (modelName === "" || changed.alerts[0]?.modelName === modelName)) yield changed;
      }
    },
  };
}

function queryFromProto(request: ListAlertsRequest, tokens: PageTokens): AlertQuery {
  const { states, severity, supplierId, modelName, pageToken } = request;
  const named = states.flatMap((state) => nameOf(STATES, state) ?? []);
  const severityName = nameOf(SEVERITIES, severity);
  const key = tokens.read(pageToken, 4);
  const after = key && afterFromKey(key);
  return {
    states: named.length > 0 ? named : ACTIVE,
    ...(severityName && { severity: severityName }),
    ...(supplierId !== "" && { supplierExternalId: supplierId }),
    ...(modelName !== "" && { modelName }),
    ...(after && { after }),
  };
}

function afterFromKey([severity, changedUs = "", score = "", id = ""]: readonly string[]): AlertQuery["after"] {
  const riskScore = score === "" ? Number.NaN : Number(score);
  const isKey = /^\d{1,17}$/.test(changedUs) && riskScore >= 0 && riskScore <= 1 && UUID.test(id);
  if ((severity !== "warning" && severity !== "critical") || !isKey) throw pageTokenError();
  return { severity, changedUs, riskScore, id };
}
