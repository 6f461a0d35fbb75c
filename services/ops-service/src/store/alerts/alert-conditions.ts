import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { and, eq, inArray, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { AlertSeverity, AlertState, AlertTrend, Disposition } from "../../domain/alerts/alert.ts";
import type { WeekChange } from "../../domain/runs/week-report.ts";
import { searchKey } from "../../domain/suppliers/search-key.ts";
import { alert } from "../schema.ts";
import { inScope } from "../supplier-scopes.ts";
import { keyContains } from "../suppliers/key-contains.ts";
import { CHANGE_EVENTS, IN_WEEK, weekBounds } from "./week-changes.ts";

const ACTIVE_STATES: readonly AlertState[] = ["open", "acknowledged", "in_mitigation"];

/** Conditions that do not depend on the tab. Left out: no condition. */
export interface AlertScope {
  /** The suppliers that the caller sees. Undefined: all. */
  readonly callerScope: SupplierScope | undefined;
  readonly severity?: AlertSeverity;
  readonly supplierExternalId?: string;
  readonly modelName?: string;
  /** ISO week of the alert's last run. */
  readonly isoWeek?: string;
  readonly ruleId?: string;
  readonly region?: string;
  readonly category?: string;
  /** Part of the supplier's name or id, in any case. */
  readonly text?: string;
  /** Internal ids of suppliers. */
  readonly supplierIds?: readonly number[];
  /** The first characters of the id, lower case. */
  readonly alertIdPrefix?: string;
}

/** Conditions of a list; an alert must meet all of them. */
export interface AlertFilter extends AlertScope {
  readonly states?: readonly AlertState[];
  readonly dispositions?: readonly Disposition[];
  /** Several conditions can be about the owner. Empty text: nobody. */
  readonly owners?: readonly string[];
  /** One of them must be the owner. Left out: no condition. */
  readonly mine?: readonly string[];
  readonly isSnoozed?: boolean;
  readonly trend?: AlertTrend;
  /** Only alerts that a person has resolved. */
  readonly isDecided?: boolean;
  /** Only alerts that changed in a week of a model. Empty week: the latest complete one. */
  readonly weekChange?: { readonly change: WeekChange; readonly isoWeek: string; readonly modelName: string };
  readonly now: Date;
}

/** Returns the SQL of the conditions for the alert table. Undefined: no condition. */
export function alertConditions(filter: AlertFilter): SQL | undefined {
  const { states, dispositions, owners = [], mine, isSnoozed, trend, isDecided, weekChange, now } = filter;
  const [first = "", ...others] = mine ?? [];
  return and(
    states && stateCondition(states),
    dispositions && inArray(alert.disposition, [...dispositions]),
    ...owners.map((owner) => eq(alert.owner, owner)),
    mine && (others.length === 0 ? eq(alert.owner, first) : inArray(alert.owner, [...mine])),
    isSnoozed === undefined ? undefined : isSnoozed ? snoozedAt(now) : sql`not ${snoozedAt(now)}`,
    trend && eq(alert.trend, trend),
    isDecided ? sql`${alert.resolvedBy} <> ''` : undefined,
    weekChange &&
      sql`${alert.id} in (select e.alert_id from bellwether.alert_event e, ${weekBounds(weekChange.modelName, weekChange.isoWeek)} b
        where ${CHANGE_EVENTS[weekChange.change]} and ${IN_WEEK})`,
    scopeConditions(filter),
  );
}

/** Whether states are exactly those of active alerts. */
export function areActive(states: readonly AlertState[]): boolean {
  return ACTIVE_STATES.every((state) => states.includes(state)) && !states.includes("resolved");
}

/** PostgreSQL underestimates the number of active alerts when it is given both forms of the condition. */
function stateCondition(states: readonly AlertState[]): SQL {
  return areActive(states) ? sql`${alert.state} <> 'resolved'` : inArray(alert.state, [...states]);
}

/** Returns the SQL of whether an alert is snoozed at a time. */
export function snoozedAt(now: Date): SQL {
  return sql`(${alert.snooze} is not null and coalesce(${alert.snoozedUntil}, 'infinity') > ${now.toISOString()}::timestamptz)`;
}

/** Returns the SQL of the conditions of a scope for the alert table. Undefined: no condition. */
export function scopeConditions(scope: AlertScope): SQL | undefined {
  const { severity, supplierExternalId, modelName, isoWeek, ruleId, region, category, text, alertIdPrefix } = scope;
  const { supplierIds, callerScope } = scope;
  const visible = inScope(callerScope, sql`u`);
  // One look-up per alert. As "exists", PostgreSQL may search all suppliers, of which there are many more than alerts.
  const supplierWith = (condition: SQL): SQL =>
    sql`(select ${condition} from bellwether.supplier u where u.id = ${alert.supplierId})`;
  const labelId = (kind: string, value: string): SQL =>
    sql`(select l.id from bellwether.label l where l.kind = ${kind} and l.value = ${value})`;
  return and(
    visible && supplierWith(visible),
    severity && eq(alert.severity, severity),
    alertIdPrefix === undefined ? undefined : idCondition(alertIdPrefix),
    supplierExternalId === undefined
      ? undefined
      : sql`${alert.supplierId} = any(array(${suppliersWithId(supplierExternalId)}))`,
    modelName === undefined ? undefined : eq(alert.modelName, modelName),
    isoWeek === undefined
      ? undefined
      : sql`${alert.lastRunId} in (select r.id from bellwether.run r where r.iso_week = ${isoWeek})`,
    ruleId === undefined ? undefined : eq(alert.ruleId, ruleId),
    region === undefined ? undefined : supplierWith(sql`u.region_id = ${labelId("region", region)}`),
    category === undefined ? undefined : supplierWith(sql`u.category_id = ${labelId("category", category)}`),
    text === undefined ? undefined : textCondition(text),
    supplierIds === undefined ? undefined : sql`${alert.supplierId} = any(${sql.param([...supplierIds])}::int[])`,
  );
}

/** A supplier, and the suppliers that are merged into it. */
function suppliersWithId(supplierId: string): SQL {
  return sql`
    select u.id from bellwether.supplier u where u.external_id = ${supplierId}
    union all
    select m.merged_id from bellwether.supplier_merge m join bellwether.supplier u on u.id = m.survivor_id
    where u.external_id = ${supplierId} and m.undone_at is null`;
}

/** Returns the condition that an id begins with a prefix, as a range of the primary key. */
function idCondition(prefix: string): SQL {
  const digits = prefix.replaceAll("-", "");
  const [first, last] = ["0", "f"].map((digit) => digits.padEnd(UUID_DIGITS, digit));
  return sql`${alert.id} between ${first}::uuid and ${last}::uuid`;
}

const UUID_DIGITS = 32;

function textCondition(text: string): SQL {
  const key = searchKey(text);
  if (key === "") return sql`false`;
  return sql`(select ${keyContains(key)} from bellwether.supplier_search k where k.supplier_id = ${alert.supplierId})`;
}
