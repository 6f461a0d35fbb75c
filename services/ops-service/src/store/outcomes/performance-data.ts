import { isForTheRest, type RuleScope } from "@bellwether/config/rule-scope";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { SetScope } from "../../domain/alerts/evaluate-rules.ts";
import type {
  CapacityCut,
  MeasuredRun,
  PerformanceReader,
  PerformanceTask,
  ScorecardSource,
  WantedCut,
} from "../../domain/outcomes/measure-performance.ts";
import type { RunScores } from "../../domain/outcomes/run-scores.ts";
import type { Db } from "../database.ts";
import { scoresOf } from "../scores/score-rows.ts";
import { keptScores } from "./kept-scores.ts";
import { readLabelSources } from "./label-sources.ts";
import { inShare, isScoredBy, isStoredOf, scorecardScores } from "./scorecard-scores.ts";

interface RunRow extends Record<string, unknown>, Omit<MeasuredRun, "scored" | "reviewed" | "scorecard"> {
  readonly reviewed: readonly number[];
  /** Whether the scores have expired, and only kept ones can be read. */
  readonly isKept: boolean;
  readonly isReadable: boolean;
  readonly source: ScorecardSource;
  /** Of the stored scores of the scorecard. Null: there are none. */
  readonly share: number | null;
  readonly stored: number;
  readonly unknownCategories: number;
}

/** Creates the functions that read what a measurement of performance needs. */
export function createPerformanceReader(db: Db): PerformanceReader {
  /** The table expressions of the scores of each run that was read. */
  const tables = new Map<number, RunTables>();
  return {
    async runs(task, limit) {
      const found = await readRuns(db, task);
      const readable = found.filter(({ isReadable }) => isReadable).slice(0, limit);
      for (const run of readable) tables.set(run.id, tablesOf(run, task));
      const scored = await countScores(db, tables);
      const runs = readable.map((run) => ({
        ...{ id: run.id, isoWeek: run.isoWeek, modelVersion: run.modelVersion, completedMs: run.completedMs },
        ...{ frame: run.frame, reviewed: new Set(run.reviewed), scored: scored.get(run.id) ?? 0 },
        scorecard: task.scorecard === null ? null : scorecardOf(run, scored.get(run.id) ?? 0),
      }));
      return { runs, leftOut: found.length - readable.length };
    },
    sources: (task, runs) => readLabelSources(db, task, runs),
    async scores(run, which) {
      const condition =
        "suppliers" in which ? sql`s.supplier = any(${sql.param([...which.suppliers])}::int[])` : inShare(which.share);
      const { model, scorecard } = tables.get(run.id) ?? { model: scoresOf(run.id), scorecard: null };
      const { rows } = await db.execute<ScoreRow>(sql`
        select s.supplier, s.p, k.p as scorecard, coalesce(a.value, '') as region, coalesce(c.value, '') as category, s.exposure
        from ${model} s left join ${scorecard ?? NO_SCORES} k on k.supplier = s.supplier
        left join bellwether.label a on a.id = s.region left join bellwether.label c on c.id = s.category
        where s.p is not null and ${condition}`);
      return scoresFromRows(rows);
    },
    async capacityCuts(runs, wanted, by) {
      const found = runs.map((): (CapacityCut | undefined)[] => wanted.map(() => undefined));
      const cuts = runs.flatMap(({ id }, run) => {
        const { model, scorecard } = tables.get(id) ?? { model: scoresOf(id), scorecard: null };
        const table = by === "model" ? model : withScorecard(model, scorecard ?? NO_SCORES);
        return wanted.map(({ capacity, scope }, set) => cutOf(table, { run, set, capacity, scope }));
      });
      for (const { run, set, ...cut } of await readUnion(cuts, (query) => db.execute<CutRow>(query))) {
        const ofRun = found[run];
        if (ofRun) ofRun[set] = cut;
      }
      return found;
    },
  };
}

/** Maximum number of SELECTs in one query: each locks the tables of a run. */
const MAX_PARTS = 64;

/** Reads the rows of several SELECTs, in as few queries as the limit of parts allows. */
async function readUnion<Row>(parts: readonly SQL[], read: (query: SQL) => Promise<{ readonly rows: Row[] }>) {
  const all: Row[] = [];
  for (let first = 0; first < parts.length; first += MAX_PARTS)
    all.push(...(await read(sql.join(parts.slice(first, first + MAX_PARTS), sql` union all `))).rows);
  return all;
}

interface RunTables {
  /** With the columns supplier, p, region, category and exposure. */
  readonly model: SQL;
  /** With the columns supplier and p. Null: the scorecard has not scored the run. */
  readonly scorecard: SQL | null;
}

const NO_SCORES = sql`(select null::int as supplier, null::float8 as p where false)`;

function tablesOf({ id, isKept, source }: RunRow, { scorecard }: PerformanceTask): RunTables {
  const model = isKept ? keptScores(id) : scoresOf(id);
  if (source === "run")
    return { model, scorecard: sql`(select s.supplier, s.p from ${model} s where s.p is not null)` };
  const isStored = source === "stored_features" && scorecard !== null;
  return { model, scorecard: isStored ? scorecardScores(id, scorecard) : null };
}

/** Returns the SELECT of a run's scores with the score of the scorecard in place of that of the model. */
const withScorecard = (model: SQL, scorecard: SQL): SQL =>
  sql`(select s.supplier, k.p, s.region, s.category from ${model} s join ${scorecard} k on k.supplier = s.supplier where s.p is not null)`;

function scorecardOf({ source, share, stored, unknownCategories }: RunRow, scored: number) {
  const own = source === "run" ? scored : source === "stored_features" ? stored : 0;
  const isWhole = source === "run" || (source === "stored_features" && share === 1);
  return { source, isWhole, scored: own, unknownCategories: source === "stored_features" ? unknownCategories : 0 };
}

/** Counts the suppliers with a score in each run. */
async function countScores(db: Db, tables: ReadonlyMap<number, RunTables>): Promise<ReadonlyMap<number, number>> {
  const counts = [...tables].map(
    ([id, { model }]) => sql`(select ${id}::int as id, count(*)::int as scored from ${model} s where s.p is not null)`,
  );
  const rows = await readUnion(counts, (query) => db.execute<{ id: number; scored: number }>(query));
  return new Map(rows.map(({ id, scored }) => [id, scored]));
}

interface CutRow extends Record<string, unknown>, CapacityCut {
  readonly run: number;
  readonly set: number;
}

type Cut = WantedCut & Pick<CutRow, "run" | "set">;

/** Returns the SELECT of the k-th highest score, and of the numbers of suppliers with a higher one and with this one. */
function cutOf(table: SQL, { run, set, capacity, scope }: Cut): SQL {
  const condition = scope === null ? sql`s.p is not null` : sql`s.p is not null and ${inScope(scope)}`;
  return sql`(
    select ${run}::int as run, ${set}::int as set, cut.score, (count(*) filter (where s.p > cut.score))::int as above,
      (count(*) filter (where s.p = cut.score))::int as tied
    from (select s.p as score from ${table} s where ${condition} order by s.p desc offset ${capacity - 1}::int limit 1) cut, ${table} s
    where s.p >= cut.score and ${condition} group by cut.score)`;
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

async function readRuns(db: Db, task: PerformanceTask): Promise<readonly RunRow[]> {
  const { modelName, fromWeek, toWeek, scorecard } = task;
  const source =
    scorecard === null
      ? sql`'pending'`
      : sql`case when ${isScoredBy(scorecard)} then 'run'
          when k.run_id is not null then case when k.other_features then 'other_features' else 'stored_features' end
          when r.scores_expired_at is not null or not exists (select from bellwether.run_features f where f.run_id = r.id)
            then 'no_features' else 'pending' end`;
  const stored = scorecard === null ? sql`false` : isStoredOf(scorecard);
  const { rows } = await db.execute<RunRow>(sql`
    select r.id, r.iso_week as "isoWeek", coalesce(r.scored_by ->> 'version', '') as "modelVersion",
      (extract(epoch from r.completed_at) * 1000)::float8 as "completedMs", r.scores_expired_at is not null as "isKept",
      case when r.scores_expired_at is null then to_regclass('bellwether.score_r' || r.id) is not null
        else exists (select from bellwether.kept_score o where o.run_id = r.id) end as "isReadable",
      coalesce(d.frame, 0) as frame,
      array(select v.supplier_id from bellwether.review v where v.run_id = r.id) as reviewed,
      ${source} as source, k.share, coalesce(cardinality(k.suppliers), 0) as stored, coalesce(k.unknown_categories, 0) as "unknownCategories"
    from bellwether.run r left join bellwether.review_run d on d.run_id = r.id
    left join bellwether.scorecard_run k on k.run_id = r.id and ${stored}
    where r.state = 'complete' and r.model_name = ${modelName} and r.iso_week between ${fromWeek} and ${toWeek}
    order by r.iso_week desc`);
  return rows;
}

interface ScoreRow extends Record<string, unknown> {
  readonly supplier: number;
  readonly p: number;
  readonly scorecard: number | null;
  readonly region: string;
  readonly category: string;
  readonly exposure: number | null;
}

function scoresFromRows(rows: readonly ScoreRow[]): RunScores {
  return {
    suppliers: Int32Array.from(rows, ({ supplier }) => supplier),
    scores: Float64Array.from(rows, ({ p }) => p),
    scorecardScores: Float64Array.from(rows, ({ scorecard }) => scorecard ?? Number.NaN),
    regions: rows.map(({ region }) => region),
    categories: rows.map(({ category }) => category),
    exposures: Float64Array.from(rows, ({ exposure }) => exposure ?? Number.NaN),
  };
}
