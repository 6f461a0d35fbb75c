import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { aliasedTable, and, desc, eq, inArray, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { Alert, AlertSeverity } from "../../domain/alerts/alert.ts";
import type { ImpactFormula } from "../../domain/scores/expected-impact.ts";
import type { Db } from "../database.ts";
import { alert } from "../schema.ts";
import { numberInScope } from "../supplier-scopes.ts";
import { alertFromColumns } from "./alert-columns.ts";
import { type AlertFilter, alertConditions } from "./alert-conditions.ts";

/** An alert with the names and ids that callers use. */
export interface AlertView {
  readonly alert: Alert;
  readonly supplierExternalId: string;
  readonly supplierName: string;
  /** Empty: not known. */
  readonly region: string;
  readonly category: string;
  /** Exposure per year, in `exposureCurrency`. Null: not known. */
  readonly exposure: number | null;
  /** ISO 4217. Empty: the currency of the formula. */
  readonly exposureCurrency: string;
  /** The formula of the expected impacts of the alert's last run. Null: a run of an earlier release. */
  readonly formula: ImpactFormula | null;
  readonly raisedWeek: string;
  readonly lastWeek: string;
  /** The version of the alert's model that computed its score. */
  readonly modelVersion: string;
  /** The rule of the alert that replaced this one. Null: none did. */
  readonly replacedByRuleId: string | null;
  /** Position of the alert's last change in the sequence of all changes. */
  readonly sequence: number;
}

/** The position of an alert in a list by severity. */
export interface SeverityKey {
  readonly severity: AlertSeverity;
  /** Expected impact. -1: not known. */
  readonly impact: number;
  readonly riskScore: number;
  readonly id: string;
}

/** The position of an alert in a list by a number. */
export interface NumberKey {
  readonly value: number;
  readonly id: string;
}

/** The order of a list, highest first, with the last alert of the previous page. */
export type AlertOrder =
  | { readonly by: "severity"; readonly after?: SeverityKey }
  | { readonly by: "impact" | "change"; readonly after?: NumberKey };

/** Lists alerts in an order. */
export function listAlerts(db: Db, filter: AlertFilter, order: AlertOrder, limit: number): Promise<AlertView[]> {
  const { keys, after } = orderSql(order);
  const condition = and(alertConditions(filter), after);
  // The index is in the order of the severity, and only within one severity in that of the impact.
  return order.by === "impact"
    ? selectAlerts(
        db,
        condition,
        keys,
        limit,
        SEVERITIES.map((severity) => eq(alert.severity, severity)),
      )
    : selectAlerts(db, condition, keys, limit);
}

const SEVERITIES: readonly AlertSeverity[] = ["critical", "warning"];

type AlertTable = typeof alert;

/** Returns what a list is sorted by, highest first, for the alert table or an alias of it. */
type SortKeys = (t: AlertTable) => readonly SQL[];

const SORT_VALUES = {
  impact: (t: AlertTable) => sql`coalesce(${t.expectedImpact}, -1)`,
  change: (t: AlertTable) => sql`coalesce(${t.scoreChange}, 0)`,
};

export const BY_ID: SortKeys = (t) => [desc(t.id)];

function orderSql(order: AlertOrder): { readonly keys: SortKeys; readonly after: SQL | undefined } {
  if (order.by === "severity") {
    const { after } = order;
    return {
      keys: (t) => [desc(t.severity), sql`${SORT_VALUES.impact(t)} desc`, desc(t.riskScore), desc(t.id)],
      after:
        after &&
        sql`(${alert.severity}, ${SORT_VALUES.impact(alert)}, ${alert.riskScore}, ${alert.id})
          < (${after.severity}::bellwether.alert_severity, ${after.impact}::float8, ${after.riskScore}::float8, ${after.id}::uuid)`,
    };
  }
  const { by, after } = order;
  const sortValue = SORT_VALUES[by];
  return {
    keys: (t) => [sql`${sortValue(t)} desc`, desc(t.id)],
    after: after && sql`(${sortValue(alert)}, ${alert.id}) < (${after.value}::float8, ${after.id}::uuid)`,
  };
}

/** Returns an alert. Undefined: no alert of the scope has the id. */
export async function findAlert(
  db: Db,
  alertId: string,
  scope: SupplierScope | undefined,
): Promise<AlertView | undefined> {
  return (await selectAlerts(db, and(eq(alert.id, alertId), ...ofScope(scope)), BY_ID, 1))[0];
}

/** Returns the alerts of the scope with these ids, at most 200, in no particular order. */
export function findAlerts(
  db: Db,
  alertIds: readonly string[],
  scope: SupplierScope | undefined,
): Promise<AlertView[]> {
  return selectAlerts(db, and(inArray(alert.id, [...alertIds]), ...ofScope(scope)), BY_ID, alertIds.length);
}

/** Returns the condition that an alert is about a supplier of the scope; none without a scope. */
export const ofScope = (scope: SupplierScope | undefined): SQL[] => numberInScope(scope, sql`${alert.supplierId}`);

/** Table `page`: the alerts of a list before they are joined with other tables. */
const PAGE = aliasedTable(alert, "page");

const label = (id: SQL): SQL => sql`coalesce((select value from bellwether.label where id = ${id}), '')`;

/** What an alert of `page` is returned with, from its supplier `u`, the run `r` that raised it and its last run `l`. */
const NAMES = sql`
  u.external_id as "supplierExternalId", u.name as "supplierName", ${label(sql`u.region_id`)} as region,
  ${label(sql`u.category_id`)} as category, u.exposure, u.exposure_currency as "exposureCurrency",
  l.impact_formula as formula, r.iso_week as "raisedWeek", l.iso_week as "lastWeek",
  coalesce(l.scored_by ->> 'version', '') as "modelVersion",
  (select o.rule_id from bellwether.alert o where o.id = page.replaced_by) as "replacedByRuleId",
  coalesce((select t.sequence from bellwether.alert_transaction t where t.change_id = page.change_id), 0)::float8
    as sequence`;

type ViewRow = Omit<AlertView, "alert"> & Record<string, unknown>;

/**
 * Reads alerts with their names. The alerts are selected before the other tables are joined, so that a page
 * costs the same whatever the number of suppliers. The SQL is written out: drizzle, which builds and reads it column by
 * column, took a sixth of the time of a process under load.
 * @param parts conditions that divide the alerts: each part is read in the order of `keys`. Left out: one part
 */
export async function selectAlerts(
  db: Db,
  condition: SQL | undefined,
  keys: SortKeys,
  limit: number,
  parts: readonly SQL[] = [],
): Promise<AlertView[]> {
  const order = (t: AlertTable): SQL => sql.join([...keys(t)], sql`, `);
  const select = (part?: SQL): SQL =>
    sql`(select * from ${alert} where ${and(condition, part) ?? sql`true`} order by ${order(alert)} limit ${limit}::int)`;
  const selected = sql.join(parts.length === 0 ? [select()] : parts.map(select), sql` union all `);
  const { rows } = await db.execute<ViewRow>(sql`
    select page.*, ${NAMES} from (${selected}) page
    join bellwether.supplier u on u.id = page.supplier_id
    join bellwether.run r on r.id = page.raised_run_id join bellwether.run l on l.id = page.last_run_id
    order by ${order(PAGE)} limit ${limit}::int`);
  return rows.map((row) => {
    const { supplierExternalId, supplierName, region, category, exposure, exposureCurrency, formula } = row;
    const { raisedWeek, lastWeek, modelVersion, replacedByRuleId, sequence } = row;
    return {
      alert: alertFromColumns(row),
      ...{ supplierExternalId, supplierName, region, category, exposure, exposureCurrency, formula },
      ...{ raisedWeek, lastWeek, modelVersion, replacedByRuleId, sequence },
    };
  });
}

type AlertRow = typeof alert.$inferSelect;

/** Converts a row. The dimension is text, so that a rule of a later version does not break a list. */
export function alertFromRow(row: AlertRow): Alert {
  return { ...row, dimension: row.dimension === "impact" ? "impact" : "score" };
}
