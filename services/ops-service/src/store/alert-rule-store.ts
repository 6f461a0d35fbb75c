import { getTableColumns, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { Alert, AlertChange, AlertDimension } from "../domain/alert.ts";
import type { AlertRuleStore, ImpactRuleInput, ScoreRuleInput } from "../domain/evaluate-rules.ts";
import { ALERT_CHANNEL } from "./channels.ts";
import type { Db } from "./database.ts";
import { alert, alertEvent } from "./schema.ts";

/** PostgreSQL accepts 65,535 parameters per statement; an alert has eighteen. */
const ROWS_PER_STATEMENT = 1_000;

/** Creates the AlertRuleStore in the transaction of `db`. */
export function createAlertRuleStore(db: Db): AlertRuleStore {
  return {
    async hold() {
      // This lock does not block readers. Row locks would not be enough, because two runs can raise the same
      // alert.
      await db.execute(sql`lock table bellwether.alert in exclusive mode`);
    },
    async overtakenBy(runId) {
      const { rows } = await db.execute<{ week: string | null }>(sql`
        select max(later.iso_week) as week from bellwether.run r, bellwether.run later where r.id = ${runId}
          and later.model_name = r.model_name and later.iso_week > r.iso_week and later.state = 'complete'`);
      return rows[0]?.week ?? null;
    },
    async scoreRuleInputs(runId, rule) {
      const { rows } = await db.execute<
        RuleInputRow & Pick<ScoreRuleInput, "highRuns" | "lowRuns" | "wasBelowCritical">
      >(sql`
        with ${recentRuns(runId)},
        standing as (
          select s.supplier, s.p from bellwether.score s
          left join bellwether.alert a on ${alertOf(rule.id, "score")}
          where s.run = ${runId} and (s.p >= ${rule.raise} or (s.p is not null and a.state <> 'resolved'))
        )
        select s.supplier as "supplierId", s.p as "riskScore", to_jsonb(a) as alert,
          (select count(*)::int from bellwether.score h join recent r on r.id = h.run
            where h.supplier = s.supplier and r.age <= ${rule.runsToRaise} and h.p >= ${rule.raise}) as "highRuns",
          (select count(*)::int from bellwether.score h join recent r on r.id = h.run
            where h.supplier = s.supplier and r.age <= ${rule.runsToClear} and h.p < ${rule.clear}) as "lowRuns",
          case when a.state = 'resolved' and s.p >= ${rule.critical} then exists (
            select from bellwether.run last
            join bellwether.run r on r.model_name = a.model_name and r.state = 'complete' and r.iso_week > last.iso_week
            join bellwether.score h on h.run = r.id and h.supplier = s.supplier and h.p < ${rule.critical}
            where last.id = a.last_run_id and r.iso_week < (select iso_week from here)
          ) else false end as "wasBelowCritical"
        from standing s
        left join bellwether.alert a on ${alertOf(rule.id, "score")}
        order by s.supplier`);
      return rows.map((row) => ({ ...row, alert: row.alert && alertFromJson(row.alert) }));
    },
    async impactRuleInputs(runId, { scoreThreshold, weeklyCapacity: rule }, restsFrom) {
      const { rows } = await db.execute<RuleInputRow & Pick<ImpactRuleInput, "rank" | "scoreAlert">>(sql`
        with here as (select model_name from bellwether.run where id = ${runId}),
        first as (
          select s.supplier, row_number() over (order by s.impact desc, s.supplier desc)::int as rank
          from bellwether.score s
          where s.run = ${runId} and s.p >= ${rule.minLift} * (select avg(p) from bellwether.score where run = ${runId}) and not exists (
            select from bellwether.alert a
            where a.supplier_id = s.supplier and a.model_name = (select model_name from here)
              and a.rule_id in (${scoreThreshold.id}, ${rule.id}) and (
              a.rule_id = ${scoreThreshold.id} and a.state <> 'resolved'
              or a.state = 'resolved' and a.disposition not in ('lapsed', 'replaced')
                and a.resolved_at > ${restsFrom.toISOString()}::timestamptz))
          order by s.impact desc, s.supplier desc limit ${rule.keepWithin}
        )
        select s.supplier as "supplierId", s.p as "riskScore", to_jsonb(a) as alert, f.rank,
          (select jsonb_build_object('alertId', o.id, 'ruleId', o.rule_id) from bellwether.alert o
            where o.supplier_id = s.supplier and o.model_name = (select model_name from here)
              and o.rule_id = ${scoreThreshold.id} and o.dimension = 'score' and o.state <> 'resolved') as "scoreAlert"
        from bellwether.score s
        left join first f on f.supplier = s.supplier
        left join bellwether.alert a on ${alertOf(rule.id, "impact")}
        where s.run = ${runId} and s.p is not null and (f.rank is not null or a.state <> 'resolved')
        order by s.supplier`);
      return rows.map((row) => ({ ...row, alert: row.alert && alertFromJson(row.alert) }));
    },
    async absentAlerts(runId, runs) {
      const { rows } = await db.execute<{ alert: JsonAlert; lastWeek: string }>(sql`
        with ${recentRuns(runId)}
        select to_jsonb(a) as alert, last.iso_week as "lastWeek"
        from bellwether.alert a join bellwether.run last on last.id = a.last_run_id
        where a.state <> 'resolved' and a.last_run_id <> ${runId} and a.model_name = (select model_name from here)
          and (select count(h.p) from bellwether.score h join recent r on r.id = h.run
            where h.supplier = a.supplier_id and r.age <= ${runs}) = 0
        order by a.supplier_id, a.rule_id`);
      return rows.map(({ alert: json, lastWeek }) => ({ alert: alertFromJson(json), lastWeek }));
    },
    saveChanges: (changes) => saveChanges(db, changes),
  };
}

/**
 * Returns the SQL condition for the alert `a` of a rule about the supplier of the score `s`, by the model of
 * the run `here`.
 */
function alertOf(ruleId: string, dimension: AlertDimension): SQL {
  return sql`a.supplier_id = s.supplier and a.model_name = (select model_name from here) and a.rule_id = ${ruleId} and a.dimension = ${dimension}`;
}

/**
 * Returns SQL for the complete runs of the same model up to the week of the run, including the run itself.
 * `age` counts from 1, the newest run.
 */
function recentRuns(runId: number): SQL {
  return sql`
    here as (select iso_week, model_name from bellwether.run where id = ${runId}),
    recent as (
      select r.id, row_number() over (order by r.iso_week desc) as age from bellwether.run r, here
      where r.model_name = here.model_name and r.iso_week <= here.iso_week and (r.state = 'complete' or r.id = ${runId})
    )`;
}

/**
 * Writes alerts with their history entries and notifies the watches. An alert without an entry keeps its
 * position in lists.
 */
export async function saveChanges(db: Db, changes: readonly AlertChange[]): Promise<void> {
  if (changes.length === 0) return;
  const { rows } = await db.execute<{ id: number }>(sql`select nextval('bellwether.alert_change')::float8 as id`);
  const changeId = rows[0]?.id ?? 0;
  const recorded = changes.filter(({ event }) => event !== undefined);
  const updated = changes.filter(({ event }) => event === undefined).map((change) => change.alert);
  await updateScores(db, updated, changeId);
  for (let at = 0; at < recorded.length; at += ROWS_PER_STATEMENT) {
    const some = recorded.slice(at, at + ROWS_PER_STATEMENT);
    await db
      .insert(alert)
      .values(some.map((change) => ({ ...change.alert, changeId })))
      .onConflictDoUpdate({ target: alert.id, set: overwrite() });
    await db.insert(alertEvent).values(some.flatMap(({ event }) => event ?? []));
  }
  await db.execute(sql`select pg_notify(${ALERT_CHANNEL}, ${String(changeId)})`);
}

/** Sets every column except the key to the value that the statement would have inserted. */
function overwrite(): Record<string, SQL> {
  const { id: _key, ...columns } = getTableColumns(alert);
  return Object.fromEntries(
    Object.entries(columns).map(([key, column]): [string, SQL] => [key, sql`excluded.${sql.identifier(column.name)}`]),
  );
}

async function updateScores(db: Db, alerts: readonly Alert[], changeId: number): Promise<void> {
  if (alerts.length === 0) return;
  const rows = JSON.stringify(
    alerts.map(({ id, riskScore, lastRunId, summary }) => ({ id, p: riskScore, run: lastRunId, summary })),
  );
  await db.execute(sql`
    update bellwether.alert a set risk_score = v.p, last_run_id = v.run, summary = v.summary, change_id = ${changeId}
    from jsonb_to_recordset(${rows}::text::jsonb) as v(id uuid, p float8, run int, summary text) where a.id = v.id`);
}

type JsonAlert = Readonly<Record<string, string | number | null>>;

interface RuleInputRow extends Record<string, unknown> {
  supplierId: number;
  riskScore: number;
  alert: JsonAlert | null;
}

/** Converts an alert from the JSON of `to_jsonb`, in which keys are column names and times are texts. */
function alertFromJson(json: JsonAlert): Alert {
  const entries = Object.entries(getTableColumns(alert)).map(([key, column]) => {
    const value = json[column.name] ?? null;
    return [key, column.dataType === "date" && value !== null ? new Date(value) : value];
  });
  return Object.fromEntries(entries);
}
