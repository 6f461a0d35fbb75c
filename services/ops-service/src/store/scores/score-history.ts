import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { SupplierScore } from "../../domain/suppliers/supplier.ts";
import type { Db, InTransaction } from "../database.ts";
import { NOT_EXPIRED } from "./expired-runs.ts";
import { featureCount } from "./score-partitions.ts";
import { RUN_COLUMNS, type ScoredRun, type ScoreRow, scoreOf, scoresOf } from "./score-rows.ts";

/** A complete run whose scores are not in the histories yet. */
interface UncopiedRun extends Record<string, unknown> {
  readonly id: number;
  /** Whether the run has recorded exposures and numbers of features. Runs of earlier releases have not. */
  readonly isRecorded: boolean;
}

async function uncopiedRuns(db: Db, condition: SQL = sql`true`): Promise<UncopiedRun[]> {
  const { rows } = await db.execute<UncopiedRun>(sql`
    select id, totals is not null as "isRecorded" from bellwether.run r where state = 'complete' and not history_stored
      and ${NOT_EXPIRED} and to_regclass('bellwether.score_r' || id) is not null and ${condition} order by id`);
  return rows;
}

/**
 * Returns the SELECT of the scores of a run with the columns of score_history. Earlier releases have not recorded
 * the exposure of a score, so the supplier's present one decides.
 */
function historyOf({ id, isRecorded }: UncopiedRun): SQL {
  if (!isRecorded)
    return sql`select s.supplier, s.run, s.p, case when s.p is not null and u.exposure is not null then s.impact end as impact,
      s.delta, null::real as completeness, s.band
      from ${scoresOf(id)} s join bellwether.supplier u on u.id = s.supplier`;
  return sql`select s.supplier, s.run, s.p, case when s.p is not null and s.exposure is not null then s.impact end as impact,
    s.delta, s.present::real / ${featureCount(id)} as completeness, s.band from ${scoresOf(id)} s`;
}

/**
 * Copies the scores of complete runs to the histories of the suppliers. The history of a supplier is in one
 * partition, so that it is read without the tables of the runs. Each run is a transaction of its own, so an
 * interrupted copy continues where it stopped. Returns the number of runs.
 */
export async function fillHistory(db: Db, inTransaction: InTransaction): Promise<number> {
  const runs = await uncopiedRuns(db);
  for (const run of runs)
    await inTransaction(async (tx) => {
      // Another process may have copied the run meanwhile.
      const { rows: open } = await tx.db.execute(
        sql`select from bellwether.run where id = ${run.id}::int and state = 'complete' and not history_stored for no key update`,
      );
      if (open.length === 0) return;
      // In the order of the suppliers, which is the order of the history's index.
      await tx.db.execute(sql`
        insert into bellwether.score_history (supplier, run, p, impact, delta, completeness, band)
        select * from (${historyOf(run)}) h order by supplier`);
      await tx.db.execute(sql`update bellwether.run set history_stored = true where id = ${run.id}::int`);
    });
  return runs.length;
}

/** Returns the history of one supplier as a table expression: the copied scores, and those of runs that are not copied yet. */
async function historyTable(db: Db, supplier: number): Promise<SQL> {
  const runs = await uncopiedRuns(db);
  const copied = sql`select supplier, run, p, impact, delta, completeness, band from bellwether.score_history where supplier = ${supplier}::int`;
  const open = runs.map((run) => sql`${historyOf(run)} where s.run = ${run.id}::int and s.supplier = ${supplier}::int`);
  // A run that is copied between the two statements is in both parts.
  return sql`(${sql.join([copied, ...open], sql` union `)})`;
}

interface HistoryRow extends ScoredRun, Pick<ScoreRow, "supplier" | "p" | "delta" | "band" | "impact"> {
  readonly completeness: number | null;
}

/** One score of a history, with its run. */
export interface HistoryEntry {
  readonly run: ScoredRun;
  readonly score: SupplierScore;
}

/**
 * Reads the scores of a supplier by one model, newest first, without explanations. The runs have no names of
 * columns, which a history does not show.
 */
export async function readHistory(
  db: Db,
  supplier: number,
  { modelName, weeks }: { readonly modelName: string; readonly weeks: number },
): Promise<HistoryEntry[]> {
  const { rows } = await db.execute<HistoryRow>(sql`
    select h.supplier, h.p, h.delta::float8 as delta, h.band, h.impact, h.completeness, ${RUN_COLUMNS}
    from ${await historyTable(db, supplier)} h join bellwether.run r on r.id = h.run
    where r.model_name = ${modelName} and r.state = 'complete' and ${NOT_EXPIRED} order by r.iso_week desc limit ${weeks}::int`);
  return rows.map(({ supplier: number, p, delta, band, impact, completeness, ...run }) => {
    const row = { supplier: number, p, delta, band, impact, exposure: null, present: null };
    // The history has an impact exactly when the exposure was known.
    const known = { completeness, isExposureKnown: impact !== null };
    return { run, score: { ...scoreOf(row, { ...run, features: 0 }, null), ...known } };
  });
}

/** Lists the models that have scored a supplier, the model with the latest week first. */
export async function readScoringModels(db: Db, supplier: number): Promise<readonly string[]> {
  const { rows } = await db.execute<{ modelName: string }>(sql`
    select r.model_name as "modelName" from ${await historyTable(db, supplier)} h
    join bellwether.run r on r.id = h.run and r.state = 'complete'
    where ${NOT_EXPIRED} group by r.model_name order by max(r.iso_week) desc, min(r.id)`);
  return rows.map(({ modelName }) => modelName);
}
