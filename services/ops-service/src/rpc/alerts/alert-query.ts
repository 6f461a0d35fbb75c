import { UUID_PATTERN } from "@bellwether/contract/uuid";
import {
  AlertOrder,
  AlertOwnership,
  AlertSnoozeFilter,
  AlertTab,
  type ListAlertsRequest,
  WeekChange,
} from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { type PageTokens, pageTokenError } from "@bellwether/mesh/call/page-token";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { invalidRequest } from "@bellwether/mesh/errors/rpc-error";
import type { Alert, AlertSeverity, AlertState, AlertTrend, Disposition } from "../../domain/alerts/alert.ts";
import type { WeekChange as WeekChangeName } from "../../domain/runs/week-report.ts";
import { DISPOSITIONS, nameOf, SEVERITIES, STATES, TRENDS } from "../messages/alert-to-proto.ts";

/** The conditions of a list, as the store takes them. Left out: no condition. */
export interface AlertQuery {
  /** The suppliers that the caller sees. Undefined: all. */
  readonly callerScope: SupplierScope | undefined;
  readonly states?: readonly AlertState[];
  readonly dispositions?: readonly Disposition[];
  /** The first 8 or more characters of the id, lower case. */
  readonly alertIdPrefix?: string;
  readonly severity?: AlertSeverity;
  readonly supplierExternalId?: string;
  readonly modelName?: string;
  readonly isoWeek?: string;
  readonly ruleId?: string;
  readonly region?: string;
  readonly category?: string;
  readonly text?: string;
  /** Internal ids of suppliers. */
  readonly supplierIds?: readonly number[];
  /** All of them must be the owner. Empty text: nobody. */
  readonly owners: readonly string[];
  /** One of them must be the owner. */
  readonly mine?: readonly string[];
  readonly isSnoozed?: boolean;
  readonly trend?: AlertTrend;
  /** Only alerts that a person has resolved. */
  readonly isDecided?: boolean;
  /** Only alerts that changed in a week of `modelName`. Empty week: the latest complete one. */
  readonly weekChange?: { readonly change: WeekChangeName; readonly isoWeek: string; readonly modelName: string };
  readonly now: Date;
}

/** The order of a list, with the last alert of the previous page. */
export type AlertListOrder =
  | {
      readonly by: "severity";
      readonly after?: {
        readonly severity: AlertSeverity;
        /** -1: not known. */
        readonly impact: number;
        readonly riskScore: number;
        readonly id: string;
      };
    }
  | { readonly by: "impact" | "change"; readonly after?: { readonly value: number; readonly id: string } };

const ACTIVE: readonly AlertState[] = ["open", "acknowledged", "in_mitigation"];
/** The changes of a week by their names. */
export const WEEK_CHANGES: Readonly<Record<WeekChangeName, WeekChange>> = {
  raised: WeekChange.RAISED,
  worse: WeekChange.WORSE,
  better: WeekChange.BETTER,
  cleared: WeekChange.CLEARED,
  snoozed: WeekChange.SNOOZED,
  resolved: WeekChange.RESOLVED,
};
const RESOLVED: readonly AlertState[] = ["resolved"];

/** Who lists alerts. */
export interface ListCaller {
  /** As the owner of an alert is written: the caller, then the owners whose deputy the caller is. */
  readonly mine: readonly string[];
  readonly scope: SupplierScope | undefined;
}

/** Converts a request. @throws ConnectError INVALID_ARGUMENT */
export function queryFromProto(
  request: ListAlertsRequest,
  { mine, scope: callerScope }: ListCaller,
  now: Date,
): AlertQuery {
  const { severity, supplierId, modelName, isoWeek, ruleId, region, category, text, owner, ownership } = request;
  const { alertIdPrefix } = request;
  const dispositions = request.dispositions.flatMap((disposition) => nameOf(DISPOSITIONS, disposition) ?? []);
  const states = request.states.flatMap((state) => nameOf(STATES, state) ?? []);
  const severityName = nameOf(SEVERITIES, severity);
  const trend = nameOf(TRENDS, request.trend);
  const owners = [...(owner === "" ? [] : [owner]), ...(ownership === AlertOwnership.NOBODY ? [""] : [])];
  const { snoozed } = request;
  const tab = tabQuery(request.tab, mine);
  const change = nameOf(WEEK_CHANGES, request.weekChange);
  if (change && modelName === "")
    throw invalidRequest([{ field: "model_name", description: "is required with week_change" }]);
  if (!change && request.changeWeek !== "")
    throw invalidRequest([{ field: "week_change", description: "is required with change_week" }]);
  return {
    ...(severityName && { severity: severityName }),
    ...(supplierId !== "" && { supplierExternalId: supplierId }),
    ...(modelName !== "" && { modelName }),
    ...(isoWeek !== "" && { isoWeek }),
    ...(ruleId !== "" && { ruleId }),
    ...(region !== "" && { region }),
    ...(category !== "" && { category }),
    ...(text !== "" && { text }),
    ...(snoozed !== AlertSnoozeFilter.UNSPECIFIED && { isSnoozed: snoozed === AlertSnoozeFilter.SNOOZED }),
    ...(trend && { trend }),
    ...(change && { weekChange: { change, isoWeek: request.changeWeek, modelName } }),
    ...(alertIdPrefix !== "" && { alertIdPrefix: alertIdPrefix.toLowerCase() }),
    ...(dispositions.length > 0 && { dispositions }),
    ...(alertIdPrefix === "" && !change && { states: dispositions.length > 0 ? RESOLVED : ACTIVE }),
    ...{ callerScope, now, ...tab },
    ...(states.length > 0 && { states }),
    owners,
    ...(ownership === AlertOwnership.MINE && { mine }),
  };
}

/** Returns the conditions of a tab. */
function tabQuery(tab: AlertTab, mine: readonly string[]): Partial<AlertQuery> {
  switch (tab) {
    case AlertTab.MINE:
      return { states: ACTIVE, isSnoozed: false, mine };
    case AlertTab.NEW:
      return { states: ACTIVE, isSnoozed: false, trend: "new" };
    case AlertTab.WORSE:
      return { states: ACTIVE, isSnoozed: false, trend: "worse" };
    case AlertTab.SNOOZED:
      return { states: ACTIVE, isSnoozed: true };
    case AlertTab.DECIDED:
      return { isDecided: true, states: RESOLVED };
    default:
      return {};
  }
}

const ORDERS: Readonly<Record<AlertListOrder["by"], AlertOrder>> = {
  severity: AlertOrder.UNSPECIFIED,
  impact: AlertOrder.EXPECTED_IMPACT,
  change: AlertOrder.SCORE_CHANGE,
};

/** Converts the order and the page token of a request. @throws ConnectError INVALID_ARGUMENT for another list's token */
export function orderFromProto({ order, pageToken }: ListAlertsRequest, tokens: PageTokens): AlertListOrder {
  const by = nameOf(ORDERS, order) ?? "severity";
  if (by === "severity") {
    const key = tokens.read(pageToken, 4);
    return key ? { by, after: afterSeverity(key) } : { by };
  }
  const key = tokens.read(pageToken, 2);
  return key ? { by, after: afterValue(key) } : { by };
}

/** Returns the position of an alert in a list of this order, for a page token. */
export function keyOf({ severity, riskScore, id, ...alert }: Alert, by: AlertListOrder["by"]) {
  const impact = alert.expectedImpact ?? MISSING.impact;
  // Keys of an earlier release begin with the severity: this form rejects them.
  if (by === "severity") return [impact, severity, riskScore, id];
  return [by === "impact" ? impact : (alert.scoreChange ?? MISSING.change), id];
}

/** What stands in a page token for a missing impact or change. The store sorts such alerts by the same numbers. */
const MISSING = { impact: -1, change: 0 } as const;

function afterSeverity([value = "", severity, score = "", id = ""]: readonly string[]) {
  const [impact, riskScore] = [numberOf(value), numberOf(score)];
  const isKey = Number.isFinite(impact) && riskScore >= 0 && riskScore <= 1 && UUID_PATTERN.test(id);
  if ((severity !== "warning" && severity !== "critical") || !isKey) throw pageTokenError();
  return { severity, impact, riskScore, id } as const;
}

function afterValue([text = "", id = ""]: readonly string[]) {
  const value = numberOf(text);
  if (!Number.isFinite(value) || !UUID_PATTERN.test(id)) throw pageTokenError();
  return { value, id };
}

const numberOf = (text: string): number => (text === "" ? Number.NaN : Number(text));
