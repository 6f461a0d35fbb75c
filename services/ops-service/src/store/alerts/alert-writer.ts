import { getTableColumns, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { Alert, AlertChange } from "../../domain/alerts/alert.ts";
import type { AuditEvent } from "../../domain/audit/audit-chain.ts";
import { noticeEventsOf } from "../../domain/notices/notice-event.ts";
import { appendingSql } from "../audit/audit-events.ts";
import { ALERT_CHANNEL } from "../channels.ts";
import type { Db } from "../database.ts";
import { insertingSql, insertRows } from "../insert-rows.ts";
import { alert, alertEvent } from "../schema.ts";
import { noticeEventsSql, writeNoticeEvents } from "./notice-outbox.ts";

/** Writes changes of alerts in one transaction. */
export interface AlertWriter {
  /** Writes alerts with their history entries. An alert without an entry keeps its position in lists. */
  save(changes: readonly AlertChange[]): Promise<void>;
  /** Returns the number that alerts changed by this transaction have as their `change_id`. */
  changeId(): Promise<number>;
  /** Restores alerts of which the run changed only values. Alerts that a later run has changed stay as they are. */
  restoreValues(runId: number): Promise<void>;
  /**
   * Computes the change of the score of the active alerts of a run again.
   * @param previous the scores of the previous run, with the columns supplier and p
   */
  mendScoreChanges(runId: number, previous: SQL): Promise<void>;
  /**
   * Gives the transaction its place in the sequence of changes, and notifies the watches. Call it last: it takes
   * a lock that every other writer needs. Without a change it does nothing.
   */
  finish(): Promise<void>;
  /**
   * Does all of an action in one statement: writes an alert that exists and its history entries, records an event for
   * the audit log, and finishes. Other actions wait for each of its locks, so they are held for one statement.
   * @param rowVersion of the alert when it was read without a lock (`ROW_VERSION`). Null: the alert is locked
   * @returns false: another transaction has changed the alert since, and nothing was written
   */
  writeAction(change: AlertChange, event: AuditEvent, rowVersion: string | null): Promise<boolean>;
}

/** SQL of the version of a row of `alert`: every update gives the row another one. */
export const ROW_VERSION = sql<string>`${alert}.xmin::text`;

/** Maximum number of alerts or entries in one statement: PostgreSQL accepts 65,535 parameters; an entry has twelve. */
const ROWS_PER_STATEMENT = 1_000;
/** Maximum number of alerts in one statement that only updates the values of the run. */
const ROWS_PER_REFRESH = 10_000;
/** Key of the advisory lock under which transactions number themselves until their commit. */
const SEQUENCE_LOCK = 0x616c7274;

/** The columns that every run updates, also those of an alert without a history entry, with their types. */
const OF_RUN = {
  ...{ severity: "bellwether.alert_severity", ruleSeverity: "bellwether.alert_severity", riskScore: "float8" },
  ...{ band: "text", expectedImpact: "float8", scoreChange: "float8", trend: "text", signals: "bigint" },
  ...{ lastRunId: "int", summary: "text", scoreChangeParts: "jsonb" },
} as const satisfies Partial<Record<keyof Alert, string>>;

/** The columns that never change after an alert was raised. */
const FIXED: ReadonlySet<string> = new Set(["id", "supplierId", "modelName", "ruleId", "dimension"]);

export interface AlertWriterOptions {
  /** Whether the events about which people are notified are stored with the alerts. */
  readonly recordNotices: boolean;
  readonly now: () => Date;
}

/** Creates the writer of the transaction of `db`. */
export function createAlertWriter(db: Db, { recordNotices, now }: AlertWriterOptions): AlertWriter {
  let changeId: number | undefined;
  const ownChangeId = async (): Promise<number> => {
    if (changeId !== undefined) return changeId;
    const { rows } = await db.execute<{ id: number }>(sql`select nextval('bellwether.alert_change')::float8 as id`);
    changeId = rows[0]?.id ?? 0;
    return changeId;
  };
  return {
    async save(changes) {
      if (changes.length === 0) return;
      const ownId = await ownChangeId();
      // Rows are written in the order of their ids, as they are locked.
      const sorted = changes.toSorted((a, b) => (a.alert.id < b.alert.id ? -1 : 1));
      const alertsOf = (which: (change: AlertChange) => boolean) => sorted.filter(which).map((change) => change.alert);
      // New alerts first: known ones can name them as their replacement.
      await insertAlerts(
        db,
        alertsOf(({ isNew }) => isNew),
        ownId,
      );
      await updateAlerts(
        db,
        alertsOf((change) => isWhole(change)),
        ownId,
      );
      await refreshAlerts(
        db,
        alertsOf((change) => !change.isNew && !isWhole(change)),
        ownId,
      );
      const events = sorted.flatMap((change) => change.events);
      await insertRows(db, alertEvent, events);
      if (recordNotices) await writeNoticeEvents(db, noticeEventsOf(sorted, now()));
    },
    changeId: ownChangeId,
    async restoreValues(runId) {
      await db.execute(restoringSql(runId, await ownChangeId()));
    },
    async mendScoreChanges(runId, previous) {
      const ownId = await ownChangeId();
      const change = sql`n.risk_score - p.p`;
      await db.execute(sql`
        update bellwether.alert a set change_id = ${ownId}, score_change = ${change},
          trend = case when a.raised_run_id = a.last_run_id then 'new' when ${change} >= 0.01 - 1e-9 then 'worse'
            when ${change} <= -0.01 + 1e-9 then 'better' else 'same' end
        from bellwether.alert n left join ${previous} p on p.supplier = n.supplier_id
        where n.id = a.id and a.last_run_id = ${runId}::int and a.state <> 'resolved'`);
    },
    async finish() {
      if (changeId === undefined) return;
      await db.execute(sql`with ${numberingSql(sql`${changeId}::bigint`, sql`(select) one`)} ${NOTIFY}`);
    },
    async writeAction(change, event, rowVersion) {
      const notices = recordNotices ? noticeEventsSql(noticeEventsOf([change], now()), UPDATED) : undefined;
      const isSame = rowVersion === null ? sql`` : sql` and a.xmin::text = ${rowVersion}`;
      const parts = [
        sql`change as materialized (select nextval('bellwether.alert_change') as id)`,
        sql`updated as (${updateSql([change.alert])}${isSame} returning a.id)`,
        sql`recorded as (${insertingSql(alertEvent, change.events)} where ${UPDATED})`,
        ...(notices ? [sql`noticed as (${notices})`] : []),
        appendingSql(event, BigInt(now().getTime()) * 1000n, UPDATED),
        numberingSql(sql`(select id from change)`, sql`appended`),
      ];
      const { rowCount } = await db.execute(sql`with ${list(parts)} ${NOTIFY}`);
      if (rowCount !== 1 && rowVersion === null) throw new Error("the audit log has no head");
      return rowCount === 1;
    },
  };
}

/** SQL that is true when the action has updated its alert: the other parts of its statement do nothing otherwise. */
const UPDATED = sql`exists (select from updated)`;

/** Whether all columns of an alert that exists are written. */
const isWhole = ({ isNew, events, isWhole: whole }: AlertChange): boolean =>
  !isNew && (events.length > 0 || whole === true);

/** The names of all columns, by key. */
const COLUMNS = Object.entries(getTableColumns(alert)).map(([key, { name }]) => ({ key, name }));
const list = (parts: readonly SQL[]): SQL => sql.join([...parts], sql`, `);

async function insertAlerts(db: Db, alerts: readonly Alert[], changeId: number): Promise<void> {
  const names = COLUMNS.map(({ name }) => sql.identifier(name));
  const [bare, values] = [list(names.map((name) => sql`${name}`)), list(names.map((name) => sql`v.${name}`))];
  for (const some of inParts(alerts))
    await db.execute(sql`insert into bellwether.alert (${bare}) select ${values} from ${rowsOf(some, changeId)}`);
}

async function updateAlerts(db: Db, alerts: readonly Alert[], changeId: number): Promise<void> {
  for (const some of inParts(alerts)) await db.execute(updateSql(some, changeId));
}

/** Returns the statement that updates alerts. @param changeId undefined: that of the common table expression `change` */
function updateSql(alerts: readonly Alert[], changeId?: number): SQL {
  const names = COLUMNS.filter(({ key }) => !FIXED.has(key) && key !== "changeId").map(({ name }) =>
    sql.identifier(name),
  );
  const sets = list(names.map((name) => sql`${name} = v.${name}`));
  const change = changeId === undefined ? sql`(select id from change)` : sql`${changeId}`;
  return sql`update bellwether.alert a set ${sets}, change_id = ${change} from ${rowsOf(alerts, changeId)} where a.id = v.id`;
}

/**
 * Returns the common table expressions that give a change its place in the sequence: the last of them is `numbered`.
 * The number is taken after the lock. @param after The lock is taken when this has its row.
 */
function numberingSql(changeId: SQL, after: SQL): SQL {
  return sql`
    locked as materialized (select pg_advisory_xact_lock(${SEQUENCE_LOCK}::int, 0) from ${after}),
    numbered as (
      insert into bellwether.alert_transaction (change_id) select ${changeId} from locked returning sequence
    )`;
}

/** Notifies the watches of the change that was numbered. */
const NOTIFY = sql`select pg_notify(${ALERT_CHANNEL}, sequence::text) from numbered`;

/** Returns the SQL of a table `v` with whole rows, as one parameter: one per value would cost several times more. */
function rowsOf(alerts: readonly Alert[], changeId: number | undefined): SQL {
  const rows = alerts.map((row) =>
    Object.fromEntries(COLUMNS.map(({ key, name }) => [name, key === "changeId" ? changeId : Reflect.get(row, key)])),
  );
  return sql`jsonb_populate_recordset(null::bellwether.alert, ${JSON.stringify(rows)}::text::jsonb) v`;
}

/** Returns the columns that every run updates, with their types. */
export function columnsOfRun() {
  const keys = Object.keys(OF_RUN);
  return COLUMNS.filter(({ key }) => keys.includes(key)).map(({ key, name }) => ({
    ...{ key, text: name, name: sql.identifier(name), type: sql.raw(String(Reflect.get(OF_RUN, key))) },
  }));
}

/** Returns the SQL of a JSON object with the values of an alert `a` that every run updates. */
export function valuesSql(): SQL {
  return sql`jsonb_build_object(${list(columnsOfRun().map(({ text, name }) => sql`${text}::text, a.${name}`))})`;
}

/** Returns the SQL of the severity of an alert `a` of which a run sets another `rule_severity`: an override replaces it. */
export const severitySql = (ruleSeverity: SQL): SQL =>
  sql`coalesce((a.override ->> 'severity')::bellwether.alert_severity, ${ruleSeverity})`;

function restoringSql(runId: number, changeId: number): SQL {
  const sets = columnsOfRun().map(({ key, text, name, type }) => {
    const value = sql`(c.values ->> ${text})::${type}`;
    const severity = severitySql(sql`(c.values ->> 'rule_severity')::bellwether.alert_severity`);
    return sql`${name} = ${key === "severity" ? severity : value}`;
  });
  return sql`
    update bellwether.alert a set ${list(sets)}, change_id = ${changeId} from bellwether.alert_run_change c
    where c.run_id = ${runId}::int and c.values is not null and c.alert_id = a.id
      and a.last_run_id in (${runId}::int, (c.values ->> 'last_run_id')::int)`;
}

/** Writes the values of the run. There can be many, so only these columns are sent. */
async function refreshAlerts(db: Db, alerts: readonly Alert[], changeId: number): Promise<void> {
  const columns = columnsOfRun();
  const sets = list(columns.map(({ name }) => sql`${name} = v.${name}`));
  for (const some of inParts(alerts, ROWS_PER_REFRESH)) {
    const rows = some.map((row) => [row.id, ...columns.map(({ key }) => Reflect.get(row, key))]);
    const values = list(columns.map(({ type }, i) => sql`(r ->> ${sql.raw(String(i + 1))})::${type}`));
    await db.execute(sql`
      update bellwether.alert a set ${sets}, change_id = ${changeId}
      from (
        select (r ->> 0)::uuid, ${values} from jsonb_array_elements(${JSON.stringify(rows)}::text::jsonb) r
      ) as v(id, ${list(columns.map(({ name }) => sql`${name}`))})
      where a.id = v.id`);
  }
}

export function* inParts<T>(rows: readonly T[], size = ROWS_PER_STATEMENT): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; at += size) yield rows.slice(at, at + size);
}
