import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { Db } from "../database.ts";

/** Number of suppliers in a slice: an array of this length is compressed and read as a whole. */
const KEPT_SLICE = 50_000;

/**
 * Keeps the scores of a run without their explanations, in the transaction in which they expire, so that outcomes that become known late
 * join them. Does nothing for a run whose tables are gone.
 */
export async function keepScores(db: Db, runId: number): Promise<void> {
  const { rows } = await db.execute<{ exists: boolean }>(
    sql`select to_regclass(${`bellwether.score_r${Math.trunc(runId)}`}) is not null as exists`,
  );
  if (!rows[0]?.exists) return;
  await db.execute(sql`
    insert into bellwether.kept_score (run_id, slice, suppliers, scores, regions, categories, exposures)
    select ${runId}::int, supplier / ${KEPT_SLICE}::int, array_agg(supplier order by supplier), array_agg(p order by supplier),
      array_agg(coalesce(region, 0) order by supplier), array_agg(coalesce(category, 0) order by supplier),
      array_agg(coalesce(exposure, 'NaN') order by supplier)
    from ${sql.raw(`bellwether.score_r${Math.trunc(runId)}`)} where p is not null group by 2
    on conflict do nothing`);
}

/** Returns the SELECT of the kept scores of a run, with the columns of a table of scores: supplier, p, region, category, exposure. */
export function keptScores(runId: number): SQL {
  return sql`(
    select s.supplier, s.p, nullif(s.region, 0) as region, nullif(s.category, 0) as category, nullif(s.exposure, 'NaN') as exposure
    from bellwether.kept_score k,
      unnest(k.suppliers, k.scores, k.regions, k.categories, k.exposures) as s(supplier, p, region, category, exposure)
    where k.run_id = ${runId}::int)`;
}

/** Returns the SELECT of the numbers of the suppliers with a kept score in a run. */
export function keptSuppliers(runId: number): SQL {
  return sql`select s.supplier from ${keptScores(runId)} s`;
}

/** Removes the kept scores of weeks before the oldest one that is kept. Returns the number of runs. */
export async function removeKeptScores(db: Db, modelName: string, oldestWeek: string): Promise<number> {
  const { rows } = await db.execute<{ runId: number }>(sql`
    with removed as (
      delete from bellwether.kept_score k using bellwether.run r
      where r.id = k.run_id and r.model_name = ${modelName} and r.iso_week < ${oldestWeek} returning k.run_id
    ) select distinct run_id as "runId" from removed`);
  return rows.length;
}
