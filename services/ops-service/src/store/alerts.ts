import { aliasedTable, and, desc, eq, inArray, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { Alert, AlertEvent, AlertSeverity, AlertState } from "../domain/alert.ts";
import type { AlertTransaction } from "../domain/triage-alert.ts";
import { saveChanges } from "./alert-rule-store.ts";
import { appendEvents } from "./audit-events.ts";
import type { Db, InTransaction } from "./database.ts";
import { alert, alertEvent, run, supplier } from "./schema.ts";

/** An alert with the names and ids that callers use. */
export interface AlertView {
  readonly alert: Alert;
  readonly supplierExternalId: string;
  readonly supplierName: string;
  readonly raisedWeek: string;
  readonly lastWeek: string;
  /** The version of the alert's model that computed its score. */
  readonly modelVersion: string;
  /** The rule of the alert that replaced this one. Null: none did. */
  readonly replacedByRuleId: string | null;
}

/** The position of an alert in a list. */
export interface AlertKey {
  readonly severity: AlertSeverity;
  /** Time of the last change, microseconds since 1970. */
  readonly changedUs: string;
  readonly riskScore: number;
  readonly id: string;
}

/** Conditions of a list; an alert must meet all of them. `after`: the last alert of the previous page. */
export interface AlertFilter {
  readonly states?: readonly AlertState[];
  readonly severity?: AlertSeverity;
  readonly supplierExternalId?: string;
  readonly modelName?: string;
  readonly after?: AlertKey;
}

/** Lists alerts: highest severity first, then latest change first, then highest score first. */
export function listAlerts(db: Db, filter: AlertFilter, limit: number): Promise<AlertView[]> {
  const { states, severity, supplierExternalId, modelName, after } = filter;
  return selectAlerts(
    db,
    and(
      states && inArray(alert.state, [...states]),
      severity && eq(alert.severity, severity),
      supplierExternalId === undefined ? undefined : eq(supplier.externalId, supplierExternalId),
      modelName === undefined ? undefined : eq(alert.modelName, modelName),
      after &&
        sql`(${alert.severity}, ${alert.changedAt}, ${alert.riskScore}, ${alert.id}) < (${after.severity}::bellwether.alert_severity,
          timestamptz 'epoch' + ${after.changedUs}::bigint * interval '1 microsecond', ${after.riskScore}::float8, ${after.id}::uuid)`,
    ),
    limit,
  );
}

/** Lists the alerts whose last change has this number. */
export function listChanged(db: Db, changeId: number, limit: number): Promise<AlertView[]> {
  return selectAlerts(db, eq(alert.changeId, changeId), limit);
}

export async function findAlert(db: Db, alertId: string): Promise<AlertView | undefined> {
  return (await selectAlerts(db, eq(alert.id, alertId), 1))[0];
}

/** Lists the entries of an alert's history, newest first. */
export function listAlertEvents(db: Db, alertId: string, limit: number): Promise<AlertEvent[]> {
  return db.select().from(alertEvent).where(eq(alertEvent.alertId, alertId)).orderBy(desc(alertEvent.id)).limit(limit);
}

/** Runs a decision on the alerts in one transaction. */
export function createTriage(inTransaction: InTransaction, newId: () => string, now: () => Date) {
  return (work: (transaction: AlertTransaction) => Promise<void>): Promise<void> =>
    inTransaction(({ db }) =>
      work({
        async lock(alertId) {
          const [row] = await db.select().from(alert).where(eq(alert.id, alertId)).for("update");
          return row && withDimension(row);
        },
        save: (change) => saveChanges(db, [change]),
        async appendAudit(event) {
          const nowUs = BigInt(now().getTime()) * 1000n;
          await appendEvents(db, [{ ...event, eventId: newId(), occurredUs: nowUs }], nowUs);
        },
      }),
    );
}

async function selectAlerts(db: Db, condition: SQL | undefined, limit: number): Promise<AlertView[]> {
  const lastRun = aliasedTable(run, "last_run");
  const rows = await db
    .select({
      alert,
      supplierExternalId: supplier.externalId,
      supplierName: supplier.name,
      raisedWeek: run.isoWeek,
      lastWeek: lastRun.isoWeek,
      modelVersion: sql<string>`coalesce(${lastRun.scoredBy} ->> 'version', '')`,
      replacedByRuleId: sql<string | null>`(select o.rule_id from bellwether.alert o where o.id = ${alert.replacedBy})`,
    })
    .from(alert)
    .innerJoin(supplier, eq(supplier.id, alert.supplierId))
    .innerJoin(run, eq(run.id, alert.raisedRunId))
    .innerJoin(lastRun, eq(lastRun.id, alert.lastRunId))
    .where(condition)
    .orderBy(desc(alert.severity), desc(alert.changedAt), desc(alert.riskScore), desc(alert.id))
    .limit(limit);
  return rows.map((row) => ({ ...row, alert: withDimension(row.alert) }));
}

/** The column is text, so that a rule id of a later version does not break a list. */
function withDimension(row: typeof alert.$inferSelect): Alert {
  return { ...row, dimension: row.dimension === "impact" ? "impact" : "score" };
}
