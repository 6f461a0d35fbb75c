import { bandFromNumber } from "@bellwether/contract/band-codes";
import { MAX_BATCH_ROWS } from "@bellwether/contract/limits";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { BandCounts } from "../domain/run.ts";
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
    sql`alter table ${chunks} alter column phi set storage external, alter column vals set storage external`,
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
 * Builds the indexes of a run's tables and attaches them as partitions. Returns the number of rows per band.
 */
export async function publishScores(db: Db, runId: number): Promise<BandCounts> {
  const scores = sql.raw(`bellwether.score_r${runId}`);
  const chunks = sql.raw(`bellwether.score_chunk_r${runId}`);
  await db.execute(sql`alter table ${scores} add primary key (run, supplier)`);
  await db.execute(sql`create index on ${scores} (impact desc, supplier desc)`);
  await db.execute(sql`create index on ${scores} (abs(delta) desc)`);
  await db.execute(sql`alter table ${chunks} add primary key (run, chunk)`);
  for (const [whole, part] of [
    [sql.raw("bellwether.score"), scores],
    [sql.raw("bellwether.score_chunk"), chunks],
  ])
    await db.execute(sql`alter table ${whole} attach partition ${part} for values in (${sql.raw(String(runId))})`);
  await db.execute(sql`analyze ${scores}`);
  const { rows: counts } = await db.execute<{ band: number; rows: number }>(
    sql`select band, count(*)::float8 as rows from ${scores} group by band`,
  );
  return Object.fromEntries(counts.map(({ band, rows }) => [bandFromNumber(band) ?? "unknown", rows]));
}
