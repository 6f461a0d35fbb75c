import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SupplierScore } from "../domain/supplier.ts";
import type { Db, InTransaction } from "./database.ts";
import { RUN_COLUMNS, type ScoredRun, type ScoreRow, scoreOf, scoresOf } from "./score-rows.ts";

/**
 * Copies the scores of a run to the histories of the suppliers, in the order of the suppliers, which is the
 * order of the history's index. The history of a supplier is in one partition, so that it is read without the
 * tables of the runs.
 */
export async function storeHistory(db: Db, runId: number): Promise<void> {
  await db.execute(sql`
    insert into bellwether.score_history (supplier, run, p, impact, delta, completeness, band)
    select supplier, run, p, case when p is not null and exposure is not null then impact end, delta,
      present::real / f.features, band
    from ${scoresOf(runId)}
    left join (
      select nullif(jsonb_array_length(features), 0) as features from bellwether.run_features where run_id = ${runId}::int
    ) f on true
    order by supplier`);
}

/**
 * Copies the scores of complete runs that an earlier release has stored. Each run is a transaction of its own,
 * so an interrupted copy continues where it stopped. Returns the number of runs.
 */
export async function fillHistory(db: Db, inTransaction: InTransaction): Promise<number> {
  const { rows } = await db.execute<{ id: number }>(sql`
    select id from bellwether.run where state = 'complete' and not history_stored
      and to_regclass('bellwether.score_r' || id) is not null order by id`);
  for (const { id } of rows)
    await inTransaction(async (tx) => {
      // Another process may have copied the run meanwhile.
      const { rows: open } = await tx.db.execute(
        sql`select from bellwether.run where id = ${id}::int and not history_stored for update`,
      );
      if (open.length === 0) return;
      await storeOldHistory(tx.db, id);
      await tx.db.execute(sql`update bellwether.run set history_stored = true where id = ${id}::int`);
    });
  return rows.length;
}

/** Earlier releases have not recorded the exposure of a score, so the supplier's present one decides. */
async function storeOldHistory(db: Db, runId: number): Promise<void> {
  await db.execute(sql`
    insert into bellwether.score_history (supplier, run, p, impact, delta, completeness, band)
    select s.supplier, s.run, s.p, case when s.p is not null and u.exposure is not null then s.impact end, s.delta,
      null, s.band
    from ${scoresOf(runId)} s join bellwether.supplier u on u.id = s.supplier order by s.supplier`);
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
    from bellwether.score_history h join bellwether.run r on r.id = h.run
    where h.supplier = ${supplier}::int and r.model_name = ${modelName} order by r.iso_week desc limit ${weeks}::int`);
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
    select r.model_name as "modelName" from bellwether.score_history h join bellwether.run r on r.id = h.run
    where h.supplier = ${supplier}::int group by r.model_name order by max(r.iso_week) desc, min(r.id)`);
  return rows.map(({ modelName }) => modelName);
}
