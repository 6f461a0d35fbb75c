import { isForTheRest, type RuleScope } from "@bellwether/config/rule-scope";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { SetScope } from "../../domain/alerts/evaluate-rules.ts";
import { dispositionLabel } from "../../domain/outcomes/disposition-label.ts";
import type { DispositionLabel, LabelSources, RiskEvent, WeekRecord } from "../../domain/outcomes/label-week.ts";
import type { MeasuredRun, PerformanceReader, PerformanceTask } from "../../domain/outcomes/measure-performance.ts";
import type { RunScores } from "../../domain/outcomes/run-scores.ts";
import type { Db } from "../database.ts";
import { scoresOf } from "../scores/score-rows.ts";
import { keptScores } from "./kept-scores.ts";

/** Maximum number of outcomes, and of resolved alerts, that a measurement reads: the newest ones. */
const MAX_READ = 1_000_000;
/** A random share of the suppliers: those whose hash is below this share of the range. */
const HASH_RANGE = 2 ** 20;

interface RunRow extends Record<string, unknown> {
  readonly id: number;
  readonly isoWeek: string;
  readonly modelVersion: string;
  readonly completedMs: number;
  readonly frame: number;
  readonly reviewed: readonly number[];
  readonly isKept: boolean;
}

/** Creates the functions that read what a measurement of performance needs. */
export function createPerformanceReader(db: Db): PerformanceReader {
  /** The table expression of the scores of each run that was read. */
  const tables = new Map<number, SQL>();
  return {
    async runs(task, limit) {
      const runs: MeasuredRun[] = [];
      let leftOut = 0;
      for (const { isKept, reviewed, ...run } of await readRuns(db, task)) {
        const table = await tableOf(db, run.id, isKept);
        if (table === undefined || runs.length >= limit) {
          leftOut++;
          continue;
        }
        tables.set(run.id, table);
        const { rows } = await db.execute<{ scored: number }>(
          sql`select count(*)::int as scored from ${table} s where s.p is not null`,
        );
        runs.push({ ...run, scored: rows[0]?.scored ?? 0, reviewed: new Set(reviewed) });
      }
      return { runs, leftOut };
    },
    sources: (task, runs) => readLabelSources(db, task, runs),
    async scores(run, which) {
      const condition =
        "suppliers" in which
          ? sql`s.supplier = any(${sql.param([...which.suppliers])}::int[])`
          : which.share >= 1
            ? sql`true`
            : sql`(hashint4extended(s.supplier, 0) & ${HASH_RANGE - 1}::bigint) < ${Math.round(which.share * HASH_RANGE)}::bigint`;
      const { rows } = await db.execute<ScoreRow>(sql`
        select s.supplier, s.p, s.region, s.category, s.exposure from ${tables.get(run.id) ?? scoresOf(run.id)} s
        where s.p is not null and ${condition}`);
      return scoresFromRows(rows, await readLabels(db, rows));
    },
    async capacityCut(run, capacity, scope) {
      const condition = scope === null ? sql`s.p is not null` : sql`s.p is not null and ${inScope(scope)}`;
      const table = tables.get(run.id) ?? scoresOf(run.id);
      const { rows } = await db.execute<{ score: number; above: number; tied: number }>(sql`
        with cut as (select p as score from ${table} s where ${condition} order by p desc offset ${capacity - 1}::int limit 1)
        select cut.score, (count(*) filter (where s.p > cut.score))::int as above, (count(*) filter (where s.p = cut.score))::int as tied
        from cut, ${table} s where s.p >= cut.score and ${condition} group by cut.score`);
      return rows[0];
    },
  };
}

/** The condition on the region and the category of a score, as `isInScope` decides it. */
function inScope({ appliesTo, except }: SetScope): SQL {
  const has = (column: SQL, values: readonly string[]): SQL =>
    values.length === 0
      ? sql`true`
      : sql`coalesce(${column} in (select id from bellwether.label where value = any(${sql.param([...values])}::text[])), false)`;
  const names = ({ regions, categories }: RuleScope): SQL =>
    sql`(${has(sql`s.region`, regions)} and ${has(sql`s.category`, categories)})`;
  const others = except.filter((one) => !isForTheRest(one)).map((one) => sql`not ${names(one)}`);
  return sql.join([names(appliesTo), ...others], sql` and `);
}

/** The model, and the day on which outcomes had to be known. */
type KnownTask = Pick<PerformanceTask, "modelName" | "knownOn">;

/** Reads all that was known about the outcomes of a model. @param runs the runs of the weeks, newest or oldest first */
export async function readLabelSources(
  db: Db,
  task: KnownTask,
  runs: readonly Pick<MeasuredRun, "isoWeek" | "completedMs">[],
): Promise<LabelSources> {
  return { ...(await readOutcomes(db, task)), dispositions: await readDispositions(db, task, runs) };
}

async function readRuns(db: Db, { modelName, fromWeek, toWeek }: PerformanceTask): Promise<readonly RunRow[]> {
  const { rows } = await db.execute<RunRow>(sql`
    select r.id, r.iso_week as "isoWeek", coalesce(r.scored_by ->> 'version', '') as "modelVersion",
      (extract(epoch from r.completed_at) * 1000)::float8 as "completedMs", r.scores_expired_at is not null as "isKept",
      coalesce(d.frame, 0) as frame,
      array(select v.supplier_id from bellwether.review v where v.run_id = r.id) as reviewed
    from bellwether.run r left join bellwether.review_run d on d.run_id = r.id
    where r.state = 'complete' and r.model_name = ${modelName} and r.iso_week between ${fromWeek} and ${toWeek}
    order by r.iso_week desc`);
  return rows;
}

/** Returns the table with the scores of a run. Undefined: they were removed. */
async function tableOf(db: Db, runId: number, isKept: boolean): Promise<SQL | undefined> {
  const { rows } = await db.execute<{ exists: boolean }>(
    isKept
      ? sql`select exists (select from bellwether.kept_score where run_id = ${runId}::int) as exists`
      : sql`select to_regclass(${`bellwether.score_r${Math.trunc(runId)}`}) is not null as exists`,
  );
  if (!rows[0]?.exists) return undefined;
  return isKept ? keptScores(runId) : scoresOf(runId);
}

interface ScoreRow extends Record<string, unknown> {
  readonly supplier: number;
  readonly p: number;
  readonly region: number | null;
  readonly category: number | null;
  readonly exposure: number | null;
}

async function readLabels(db: Db, rows: readonly ScoreRow[]): Promise<ReadonlyMap<number, string>> {
  const ids = new Set<number>();
  for (const { region, category } of rows) for (const id of [region, category]) if (id !== null) ids.add(id);
  const { rows: labels } = await db.execute<{ id: number; value: string }>(
    sql`select id, value from bellwether.label where id = any(${sql.param([...ids])}::int[])`,
  );
  return new Map(labels.map(({ id, value }) => [id, value]));
}

function scoresFromRows(rows: readonly ScoreRow[], labels: ReadonlyMap<number, string>): RunScores {
  const text = (id: number | null): string => (id === null ? "" : (labels.get(id) ?? ""));
  return {
    suppliers: Int32Array.from(rows, ({ supplier }) => supplier),
    scores: Float64Array.from(rows, ({ p }) => p),
    regions: rows.map(({ region }) => text(region)),
    categories: rows.map(({ category }) => text(category)),
    exposures: Float64Array.from(rows, ({ exposure }) => exposure ?? Number.NaN),
  };
}

interface OutcomeRow extends Record<string, unknown> {
  readonly supplier: number;
  readonly occurred: boolean;
  readonly isoWeek: string;
  /** Days since 1970. */
  readonly happened: number | null;
  readonly known: number;
}

/** Reads the outcomes that count and were known on the day of the task. */
async function readOutcomes(
  db: Db,
  { modelName, knownOn }: KnownTask,
): Promise<Pick<LabelSources, "events" | "records">> {
  const { rows } = await db.execute<OutcomeRow>(sql`
    select o.supplier_id as supplier, o.occurred, o.iso_week as "isoWeek", o.happened_on - date '1970-01-01' as happened,
      o.known_on - date '1970-01-01' as known
    from bellwether.outcome o
    where o.model_name = ${modelName} and o.replaced_by is null and not o.withdrawn and o.known_on <= ${knownOn}::date
    order by o.number desc limit ${MAX_READ}`);
  const events = new Map<number, RiskEvent[]>();
  const records = new Map<string, Map<number, WeekRecord>>();
  for (const { supplier, occurred, isoWeek, happened, known } of rows) {
    if (happened !== null && occurred) append(events, supplier, { happened, known });
    if (isoWeek === "") continue;
    const ofWeek = records.get(isoWeek) ?? new Map<number, WeekRecord>();
    records.set(isoWeek, ofWeek.set(supplier, { occurred, known }));
  }
  return { events, records };
}

interface ResolvedRow extends Record<string, unknown> {
  readonly supplier: number;
  readonly disposition: string;
  readonly resolvedMs: number;
  readonly raisedWeek: string;
}

/**
 * Reads what persons found when they resolved alerts, from the audit log: an alert that was raised again does not have its earlier
 * dispositions any more. A resolution that its author undid, or after which a person opened the alert again, does not count.
 */
async function readDispositions(
  db: Db,
  { modelName, knownOn }: KnownTask,
  runs: readonly Pick<MeasuredRun, "isoWeek" | "completedMs">[],
): Promise<ReadonlyMap<number, readonly DispositionLabel[]>> {
  const { rows } = await db.execute<ResolvedRow>(sql`
    select a.supplier_id as supplier, e.payload::jsonb ->> 'disposition' as disposition,
      (e.occurred_us / 1000)::float8 as "resolvedMs", r.iso_week as "raisedWeek"
    from bellwether.audit_event e
    join bellwether.alert a on a.id::text = e.subject and a.model_name = ${modelName}
    cross join lateral (
      select coalesce((select v.run_id from bellwether.alert_event v
        where v.alert_id = a.id and v.kind in ('raised', 'reopened') and v.run_id is not null
          and v.occurred_at <= to_timestamp(e.occurred_us / 1e6)
        order by v.id desc limit 1), a.raised_run_id) as run_id
    ) raised
    join bellwether.run r on r.id = raised.run_id
    where e.kind = 'alert.resolved' and e.payload is not null and e.occurred_us < (extract(epoch from ${knownOn}::date + 1) * 1e6)::bigint
      and coalesce((select n.kind from bellwether.audit_event n
        where n.subject = e.subject and n.sequence > e.sequence and n.kind in ('alert.undone', 'alert.reopened', 'alert.resolved')
        order by n.sequence limit 1), 'alert.resolved') = 'alert.resolved'
    order by e.sequence desc limit ${MAX_READ}`);
  const labels = new Map<number, DispositionLabel[]>();
  for (const { supplier, disposition, resolvedMs, raisedWeek } of rows) {
    const occurred = dispositionLabel(disposition);
    if (occurred === null) continue;
    // The runs are newest or oldest first; the alert was about those until its resolution.
    const before = runs.filter(({ completedMs }) => completedMs <= resolvedMs).map(({ isoWeek }) => isoWeek);
    const toWeek = before.reduce((latest, week) => (week > latest ? week : latest), raisedWeek);
    append(labels, supplier, { occurred, known: Math.floor(resolvedMs / 86_400_000), fromWeek: raisedWeek, toWeek });
  }
  return labels;
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}
