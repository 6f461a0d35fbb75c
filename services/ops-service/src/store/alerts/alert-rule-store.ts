import { bandFromNumber } from "@bellwether/contract/band-codes";
import { inArray, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { Alert } from "../../domain/alerts/alert.ts";
import { type ScoreChange, smallestChange } from "../../domain/alerts/change-rule.ts";
import type { AlertRuleStore, RunsRead, ScoresWanted, SetScope } from "../../domain/alerts/evaluate-rules.ts";
import type { ScoreFacts } from "../../domain/alerts/score-rule.ts";
import type { RuleWeek } from "../../domain/scores/runs-in-a-row.ts";
import type { Db } from "../database.ts";
import { run } from "../schema.ts";
import { alertFromColumns } from "./alert-columns.ts";
import { deleteValues, forgetChanges, lockChanges, recordChanges, recordValues } from "./alert-run-changes.ts";
import type { AlertWriter } from "./alert-writer.ts";
import { applyPending, storeRunValues } from "./run-values.ts";
import { suppliersOf } from "./suppliers-of-scope.ts";

/** Class of the advisory locks that keep two runs of a model from evaluating the rules at the same time. */
const RULES_LOCK = 0x72756c65;

/** Creates the AlertRuleStore in the transaction of `db`. @param scope Left out: all suppliers */
export function createAlertRuleStore(db: Db, writer: AlertWriter, scope?: SetScope): AlertRuleStore {
  const inScope = (supplier: SQL): SQL => (scope ? sql` and ${supplier} in (${suppliersOf(scope)})` : sql``);
  const readScores = async (runId: number, runs: RunsRead, which: SQL): Promise<ScoreFacts[]> => {
    const { columns, joins, toFacts } = scoresOfRuns(runs);
    const { rows } = await db.execute<ScoreRow>(sql`
      select s.supplier as "supplierId", s.p as "riskScore", s.band, s.impact${columns}
      from bellwether.score s ${joins} where s.run = ${runId}::int and s.p is not null and ${which}${inScope(sql`s.supplier`)}`);
    return rows.map(toFacts);
  };
  /** The alerts as they were read last, with the transaction that had written them. */
  const read = new Map<string, { readonly alert: Alert; readonly writer: string }>();
  const readAlerts = async (which: SQL): Promise<Alert[]> => {
    const { rows } = await db.execute(
      sql`select a.*, a.xmin::text as writer from bellwether.alert a where ${which}${inScope(sql`a.supplier_id`)}`,
    );
    return rows.map(({ writer: writtenBy, ...row }) => {
      const found = alertFromColumns(row);
      read.set(found.id, { alert: found, writer: String(writtenBy) });
      return found;
    });
  };
  /** The alerts of which this store has recorded values. */
  const recorded = new Set<string>();
  const forgetRecorded = async (alertIds: readonly string[], runId: number): Promise<void> => {
    const forgotten = alertIds.filter((id) => recorded.delete(id));
    if (forgotten.length > 0) await deleteValues(db, runId, forgotten);
  };
  return {
    within: (other) => createAlertRuleStore(db, writer, other),
    async inScope(supplierIds) {
      if (!scope || supplierIds.length === 0) return new Set(supplierIds);
      const ids = sql.param([...supplierIds]);
      const { rows } = await db.execute<{ id: number }>(sql`
        select u.id from bellwether.supplier u where u.id = any(${ids}::int[])${inScope(sql`u.id`)}`);
      return new Set(rows.map(({ id }) => id));
    },
    async lockModel(modelName) {
      await db.execute(sql`select pg_advisory_xact_lock(${RULES_LOCK}::int, hashtext(${modelName}))`);
    },
    async overtakenBy(runId) {
      const { rows } = await db.execute<{ week: string | null }>(sql`
        select max(later.iso_week) as week from bellwether.run r, bellwether.run later where r.id = ${runId}
          and later.model_name = r.model_name and later.iso_week > r.iso_week and later.state = 'complete'`);
      return rows[0]?.week ?? null;
    },
    async runsOfModel(runId) {
      const { rows } = await db.execute<RuleWeek & { isSuperseded: boolean } & Record<string, unknown>>(sql`
        select r.id as "runId", r.iso_week as "isoWeek", r.input_digest as "inputDigest",
          r.source_digest as "sourceDigest", (extract(epoch from r.completed_at) * 1e3)::float8 as "completedMs",
          r.state = 'superseded' as "isSuperseded"
        from bellwether.run r, bellwether.run here
        where here.id = ${runId}::int and r.model_name = here.model_name
          and (r.state in ('complete', 'superseded') or r.id = here.id)
        order by r.iso_week desc, r.revision desc`);
      return rows;
    },
    scoresFrom: (runId, wanted) => readScores(runId, wanted.runs, selectionOf(runId, wanted)),
    async meanScore(runId) {
      const { rows } = await db.execute<{ mean: number | null }>(
        sql`select avg(s.p) as mean from bellwether.score s where s.run = ${runId}::int${inScope(sql`s.supplier`)}`,
      );
      return rows[0]?.mean ?? null;
    },
    async scoresByImpact(runId, { minScore, runs, after, limit }) {
      const { columns, joins, toFacts } = scoresOfRuns(runs);
      const impact = after && sql`${after.impact}::float8`;
      const rest = after
        ? sql`and s.impact <= ${impact} and (s.impact < ${impact} or ${EXTERNAL_ID} > ${after.externalId})`
        : sql``;
      // The index on the impact gives the order up to equal impacts; only these are sorted by the id.
      const { rows } = await db.execute<ScoreRow & { externalId: string }>(sql`
        select s.supplier as "supplierId", s.p as "riskScore", s.band, s.impact, u.external_id as "externalId"${columns}
        from bellwether.score s join bellwether.supplier u on u.id = s.supplier ${joins}
        where s.run = ${runId}::int and s.p is not null and s.p >= ${minScore} ${rest}${inScope(sql`s.supplier`)}
        order by s.impact desc, ${EXTERNAL_ID} limit ${limit}`);
      return rows.map((row) => ({ ...toFacts(row), externalId: row.externalId }));
    },
    activeAlerts: (modelName) => readAlerts(sql`a.state <> 'resolved' and a.model_name = ${modelName}`),
    async alertsAbout(modelName, supplierIds) {
      const ids = sql.param([...supplierIds]);
      // Most of these alerts are active and were read before: only what has changed since is read again.
      const about = new Set(supplierIds);
      const known = [...read.values()].filter(
        ({ alert }) => alert.modelName === modelName && about.has(alert.supplierId),
      );
      const changed = await readAlerts(sql`a.model_name = ${modelName} and a.supplier_id = any(${ids}::int[])
        and not exists (
          select from unnest(
            ${sql.param(known.map(({ alert }) => alert.id))}::uuid[], ${sql.param(known.map((one) => one.writer))}::text[]
          ) as k(id, writer) where k.id = a.id and k.writer = a.xmin::text)`);
      const isChanged = new Set(changed.map(({ id }) => id));
      return [...known.flatMap(({ alert }) => (isChanged.has(alert.id) ? [] : [alert])), ...changed];
    },
    async lowestSince(runId, alerts) {
      if (alerts.length === 0) return new Map();
      const ids = sql.param(alerts.map(({ id }) => id));
      const lastRuns = sql.param(alerts.map(({ lastRunId }) => lastRunId));
      const { rows } = await db.execute<{ id: string; lowest: number }>(sql`
        select a.id, min(h.p) as lowest
        from unnest(${ids}::uuid[], ${lastRuns}::int[]) as given(id, last_run)
        join bellwether.alert a on a.id = given.id
        join bellwether.run last on last.id = given.last_run
        join bellwether.run r on r.model_name = a.model_name and r.state = 'complete' and r.iso_week > last.iso_week
          and r.iso_week < (select iso_week from bellwether.run where id = ${runId})
        join bellwether.score h on h.run = r.id and h.supplier = a.supplier_id and h.p is not null
        group by a.id`);
      return new Map(rows.map(({ id, lowest }) => [id, lowest]));
    },
    async scoredIn(runIds, supplierIds) {
      if (supplierIds.length === 0 || runIds.length === 0) return new Set();
      const ids = sql.join(
        runIds.map((id) => sql`${id}::int`),
        sql`, `,
      );
      const { rows } = await db.execute<{ supplier: number }>(sql`
        select distinct supplier from bellwether.score
        where run in (${ids}) and p is not null and supplier = any(${sql.param([...supplierIds])}::int[])`);
      return new Set(rows.map(({ supplier }) => supplier));
    },
    async weeksOf(runIds) {
      if (runIds.length === 0) return new Map();
      const rows = await db
        .select({ id: run.id, week: run.isoWeek })
        .from(run)
        .where(inArray(run.id, [...runIds]));
      return new Map(rows.map(({ id, week }) => [id, week]));
    },
    async externalIds(supplierIds) {
      const { rows } = await db.execute<{ id: number; externalId: string }>(sql`
        select id, external_id as "externalId" from bellwether.supplier
        where id = any(${sql.param([...supplierIds])}::int[])`);
      return new Map(rows.map(({ id, externalId }) => [id, externalId]));
    },
    async lock(alertIds) {
      if (alertIds.length === 0) return [];
      // Not "for update": an alert that is named as a duplicate must not wait for the alert that names it.
      const { rows } = await db.execute<{ id: string; writer: string }>(sql`
        select id, xmin::text as writer from bellwether.alert
        where id = any(${sql.param([...alertIds])}::uuid[]) order by id for no key update`);
      const changed = rows.filter((row) => read.get(row.id)?.writer !== row.writer).map(({ id }) => id);
      return changed.length === 0 ? [] : readAlerts(sql`a.id = any(${sql.param(changed)}::uuid[])`);
    },
    async recordValues(runId, alerts) {
      await recordValues(db, runId, alerts);
      for (const { id } of alerts) recorded.add(id);
    },
    async deferValues(runId, alerts) {
      const wanted = new Set(alerts.map(({ id }) => id));
      await forgetRecorded(
        [...recorded].filter((id) => !wanted.has(id)),
        runId,
      );
      const unrecorded = alerts.filter(({ id }) => !recorded.has(id));
      if (unrecorded.length > 0) await recordValues(db, runId, unrecorded);
      await storeRunValues(db, runId, alerts, (id) => read.get(id)?.alert);
    },
    applyValues: (modelName, now) => applyPending(db, writer, modelName, now),
    async save(runId, changes) {
      await writer.save(
        changes.map((change) => ({
          ...change,
          events: change.events.map((event) => ({ ...event, runId: event.runId ?? runId })),
        })),
      );
      await forgetRecorded(
        changes.map(({ alert }) => alert.id),
        runId,
      );
      await recordChanges(db, runId, changes);
    },
    write: (changes) => writer.save(changes),
    restoreValues: (runId) => writer.restoreValues(runId),
    lockChanges: (runId, page) => lockChanges(db, runId, page),
    forgetChanges: (runId) => forgetChanges(db, runId),
  };
}

/** Returns the condition for scores `s` that rules want, or whose supplier has an active alert. */
function selectionOf(runId: number, { minScore, runs, changes, accepted }: ScoresWanted): SQL {
  const modelName = sql`(select model_name from bellwether.run where id = ${runId})`;
  const before = runs.inARow[1];
  const parts = [
    sql`s.p >= ${minScore}`,
    sql`s.supplier in (
      select a.supplier_id from bellwether.alert a where a.state <> 'resolved' and a.model_name = ${modelName})`,
    ...(before === undefined
      ? []
      : changes.map((change) => changeCondition(sql`${sql.identifier(`h${before}`)}.p`, change))),
    ...(accepted
      ? [
          sql`s.supplier in (
            select a.supplier_id from bellwether.alert a
            where a.state = 'resolved' and a.disposition = 'accepted' and a.model_name = ${modelName}
              and a.accepted_until <= ${accepted.upTo.toISOString()}::timestamptz
              and a.accepted_until > ${accepted.after?.toISOString() ?? "-infinity"}::timestamptz)`,
        ]
      : []),
  ];
  return sql`(${sql.join(parts, sql` or `)})`;
}

/** The same comparisons as `isChange`, which decides. */
function changeCondition(before: SQL, { kind, limit }: ScoreChange): SQL {
  if (kind === "rises_above") return sql`(${before} < ${limit}::float8 and s.p >= ${limit}::float8)`;
  if (kind === "drops_below") return sql`(${before} >= ${limit}::float8 and s.p < ${limit}::float8)`;
  return sql`abs(s.p - ${before}) >= ${smallestChange(limit)}::float8`;
}

/** The id of a supplier `u` by code points, as `compareByImpact` compares it. */
const EXTERNAL_ID = sql`u.external_id collate "C"`;

interface ScoreRow extends Record<string, unknown> {
  supplierId: number;
  riskScore: number;
  band: number;
  impact: number;
}

/**
 * Returns SQL that joins the scores of earlier runs to the scores `s`, and the conversion of a row. The ids of
 * the runs are parameters, so that only the partitions of these runs are read.
 */
function scoresOfRuns({ inARow: [, ...earlier], previous }: RunsRead) {
  const read = [...earlier, ...(previous === null || earlier.includes(previous) ? [] : [previous])];
  const columns = read.map((id) => sql`, ${sql.identifier(`h${id}`)}.p as ${sql.identifier(`p${id}`)}`);
  const joins = read.map((id) => {
    const h = sql.identifier(`h${id}`);
    return sql`left join bellwether.score ${h} on ${h}.run = ${id}::int and ${h}.supplier = s.supplier`;
  });
  const toFacts = (row: ScoreRow): ScoreFacts => ({
    supplierId: row.supplierId,
    riskScore: row.riskScore,
    band: bandFromNumber(row.band) ?? null,
    impact: row.impact,
    recent: [row.riskScore, ...earlier.map((id) => scoreOf(row[`p${id}`]))],
    before: previous === null ? null : scoreOf(row[`p${previous}`]),
  });
  return { columns: sql.join(columns, sql``), joins: sql.join(joins, sql` `), toFacts };
}

const scoreOf = (value: unknown): number | null => (typeof value === "number" ? value : null);
