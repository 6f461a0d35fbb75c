import { bandFromNumber } from "@bellwether/contract/band-codes";
import { MAX_BATCH_ROWS } from "@bellwether/contract/limits";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { BandCounts } from "../domain/run.ts";
import type { RunTotal } from "../domain/run-totals.ts";
import type { Db } from "./database.ts";

/**
 * Creates the tables of a run. They are not attached as partitions yet, so that an unfinished run is never
 * visible.
 */
export async function createPartitions(db: Db, runId: number): Promise<void> {
  for (const table of ["score", "score_chunk"]) {
    const whole = sql.raw(`bellwether.${table}`);
    const part = sql.raw(`bellwether.${table}_r${runId}`);
    // With this check constraint, ATTACH PARTITION need not scan the table.
    await db.execute(
      sql`create table ${part} (like ${whole} including defaults, check (run = ${sql.raw(String(runId))}))`,
    );
  }
  // Contributions and values hardly compress. Without compression, PostgreSQL can also read the slice of one
  // supplier alone.
  const chunks = sql.raw(`bellwether.score_chunk_r${runId}`);
  await db.execute(
    sql`alter table ${chunks} alter column phi set storage external, alter column vals set storage external,
      alter column terms set storage external`,
  );
}

/** Empties the tables of a run, which are not attached yet. */
export async function emptyPartitions(db: Db, runId: number): Promise<void> {
  for (const table of ["score", "score_chunk"])
    await db.execute(sql`truncate ${sql.raw(`bellwether.${table}_r${runId}`)}`);
}

/** Maximum number of rows in a chunk: `chunk * ROWS + pos` is the position of a row in the input. */
const ROWS = sql.raw(String(MAX_BATCH_ROWS));

/** Deletes every row of a supplier after its first one. Returns the number of deleted rows. */
export async function dropSecondRows(db: Db, runId: number): Promise<number> {
  const scores = sql.raw(`bellwether.score_r${runId}`);
  const { rowCount } = await db.execute(sql`
    delete from ${scores} s using (
      select supplier, min(chunk * ${ROWS} + pos) as first from ${scores} group by supplier having count(*) > 1
    ) d where s.supplier = d.supplier and s.chunk * ${ROWS} + s.pos > d.first`);
  return rowCount ?? 0;
}

/**
 * Builds the indexes of a run's tables, and attaches them as partitions. Returns the number of rows per
 * band. The scores are copied to the histories of the suppliers later, see `fillHistory`.
 * @param minCompleteness Limit of the risk policy, for the number of incomplete scores.
 */
export async function publishScores(db: Db, runId: number, minCompleteness: number): Promise<BandCounts> {
  const scores = sql.raw(`bellwether.score_r${runId}`);
  const chunks = sql.raw(`bellwether.score_chunk_r${runId}`);
  await db.execute(sql`alter table ${scores} add primary key (run, supplier)`);
  await db.execute(sql`create index on ${scores} (impact desc, supplier desc)`);
  await db.execute(sql`create index on ${scores} (p, supplier)`);
  await db.execute(sql`create index on ${scores} (delta, supplier)`);
  await db.execute(sql`create index on ${scores} (exposure, supplier)`);
  // Lists of a region or a category that are sorted: see `readPage`. One index: each has a lock in every query.
  await db.execute(sql`create index on ${scores} (region, category)`);
  await db.execute(sql`alter table ${chunks} add primary key (run, chunk)`);
  for (const [whole, part] of [
    [sql.raw("bellwether.score"), scores],
    [sql.raw("bellwether.score_chunk"), chunks],
  ])
    await db.execute(sql`alter table ${whole} attach partition ${part} for values in (${sql.raw(String(runId))})`);
  // Only the columns by which scores are found or sorted: the others need no statistics, and each takes time.
  await db.execute(sql`analyze ${scores} (run, supplier, p, delta, band, impact, exposure, region, category)`);
  const totals = await sumScores(db, runId, minCompleteness);
  await db.execute(
    sql`update bellwether.run set totals = ${JSON.stringify(totals)}::text::jsonb where id = ${runId}::int`,
  );
  return Object.fromEntries(totals.map(({ band, suppliers }) => [band, suppliers]));
}

/** Returns the number of features of a run as an expression; null: not recorded, or none. */
export const featureCount = (runId: number): SQL =>
  sql`(select nullif(feature_count, 0) from bellwether.run where id = ${runId}::int)`;

/** Returns the sums over the scores of a run, by band. */
async function sumScores(db: Db, runId: number, minCompleteness: number): Promise<RunTotal[]> {
  const scores = sql.raw(`bellwether.score_r${runId}`);
  const features = featureCount(runId);
  const { rows } = await db.execute<Omit<RunTotal, "band"> & { readonly band: number } & Record<string, unknown>>(sql`
    select band, count(*)::float8 as suppliers,
      coalesce(sum(impact) filter (where p is not null and exposure is not null), 0) as impact,
      (count(*) filter (where p is not null and exposure is null))::float8 as "withoutExposure",
      case when ${features} is not null
        then (count(*) filter (where present::float8 / ${features} < ${minCompleteness}::float8))::float8 end as incomplete
    from ${scores} group by band`);
  return rows.map(({ band, ...sums }) => ({ band: bandFromNumber(band) ?? "unknown", ...sums }));
}
