import { bandFromNumber } from "@bellwether/contract/band-codes";
import { MAX_BATCH_ROWS } from "@bellwether/contract/limits";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { RunTotal } from "../../domain/runs/run-totals.ts";
import type { BandCounts } from "../../domain/scores/run.ts";
import type { Db, InTransaction } from "../database.ts";

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

/** Empties the tables of a run, which are not attached yet, and removes their indexes. */
export async function emptyPartitions(db: Db, runId: number): Promise<void> {
  const names = [...scoreIndexes(runId).map(({ name }) => name), primaryKey(runId)];
  await db.execute(
    sql`drop index if exists ${sql.join(
      names.map((name) => sql`bellwether.${name}`),
      sql`, `,
    )}`,
  );
  for (const table of ["score", "score_chunk"])
    await db.execute(sql`truncate ${sql.raw(`bellwether.${table}_r${runId}`)}`);
}

/** Maximum number of rows in a chunk: `chunk * ROWS + pos` is the position of a row in the input. */
const ROWS = sql.raw(String(MAX_BATCH_ROWS));

/** Deletes every row of a supplier after its first one. Returns the number of deleted rows. */
export async function dropSecondRows(db: Db, runId: number): Promise<number> {
  if (await isUnique(db, runId)) return 0;
  const scores = sql.raw(`bellwether.score_r${runId}`);
  const { rowCount } = await db.execute(sql`
    delete from ${scores} s using (
      select supplier, min(chunk * ${ROWS} + pos) as first from ${scores} group by supplier having count(*) > 1
    ) d where s.supplier = d.supplier and s.chunk * ${ROWS} + s.pos > d.first`);
  return rowCount ?? 0;
}

/**
 * The indexes of a run's scores besides its primary key. Those of a region or a category are for lists that are sorted, see
 * `readPage`: one index, because each has a lock in every query.
 */
function scoreIndexes(runId: number): readonly { readonly name: SQL; readonly columns: SQL }[] {
  const index = (name: string, columns: SQL) => ({ name: sql.raw(`score_r${runId}_${name}_idx`), columns });
  return [
    index("impact_supplier", sql`impact desc, supplier desc`),
    index("p_supplier", sql`p, supplier`),
    index("delta_supplier", sql`delta, supplier`),
    index("exposure_supplier", sql`exposure, supplier`),
    index("region_category", sql`region, category`),
  ];
}

const primaryKey = (runId: number): SQL => sql.raw(`score_r${runId}_pkey`);

/** Whether the index of the primary key shows that no supplier of a run has two rows. */
async function isUnique(db: Db, runId: number): Promise<boolean> {
  const { rows } = await db.execute<{ isUnique: boolean }>(
    sql`select to_regclass(${`bellwether.score_r${runId}_pkey`}) is not null as "isUnique"`,
  );
  return rows[0]?.isUnique === true;
}

/** Whether a run has all its chunks and is not complete. */
const IS_WHOLE = sql`state = 'running' and stage = 'drift' and chunks_received = chunks_total`;

/** Builds the indexes of the running runs that have all their chunks, before they are completed. */
export async function indexWholeRuns(db: Db, inTransaction: InTransaction): Promise<void> {
  const { rows } = await db.execute<{ id: number }>(sql`select id from bellwether.run where ${IS_WHOLE}`);
  for (const { id } of rows)
    await inTransaction(async (tx) => {
      await lockScores(tx.db, id);
      // Meanwhile its chunks can have been dropped: indexes on an empty table would make each new chunk slower, and the
      // one of the primary key would reject the second row of a supplier.
      const whole = await tx.db.execute(sql`select from bellwether.run where id = ${id}::int and ${IS_WHOLE}`);
      if (whole.rowCount === 1) await indexScores(tx.db, id);
    });
}

/** Keeps other transactions from writing and from indexing the scores of a run until this one ends. */
async function lockScores(db: Db, runId: number): Promise<void> {
  await db.execute(sql`lock table ${sql.raw(`bellwether.score_r${runId}`)} in share row exclusive mode`);
}

/**
 * Builds the indexes of a run's scores and collects their statistics, once. It may be done as soon as the run has all
 * its chunks. The index of the primary key is left out while a supplier has two rows.
 */
async function indexScores(db: Db, runId: number): Promise<void> {
  await lockScores(db, runId);
  const scores = sql.raw(`bellwether.score_r${runId}`);
  const { rows } = await db.execute<{ isIndexed: boolean }>(
    sql`select exists (select from pg_index where indrelid = ${`bellwether.score_r${runId}`}::regclass) as "isIndexed"`,
  );
  if (rows[0]?.isIndexed) return;
  const { rowCount: twice } = await db.execute(
    sql`select from ${scores} group by supplier having count(*) > 1 limit 1`,
  );
  if (twice === 0) await db.execute(sql`create unique index ${primaryKey(runId)} on ${scores} (run, supplier)`);
  for (const { name, columns } of scoreIndexes(runId))
    await db.execute(sql`create index ${name} on ${scores} (${columns})`);
  // Only the columns by which scores are found or sorted: the others need no statistics, and each takes time.
  await db.execute(sql`analyze ${scores} (run, supplier, p, delta, band, impact, exposure, region, category)`);
}

/**
 * Builds the indexes of a run's tables, and attaches them as partitions. Returns the number of rows per
 * band. The scores are copied to the histories of the suppliers later, see `fillHistory`.
 * @param minCompleteness Limit of the risk policy, for the number of incomplete scores: see `isIncomplete`.
 */
export async function publishScores(db: Db, runId: number, minCompleteness: number): Promise<BandCounts> {
  const scores = sql.raw(`bellwether.score_r${runId}`);
  const chunks = sql.raw(`bellwether.score_chunk_r${runId}`);
  await indexScores(db, runId);
  const key = (await isUnique(db, runId)) ? sql`using index ${primaryKey(runId)}` : sql`(run, supplier)`;
  await db.execute(sql`alter table ${scores} add constraint ${primaryKey(runId)} primary key ${key}`);
  await db.execute(sql`alter table ${chunks} add primary key (run, chunk)`);
  for (const [whole, part] of [
    [sql.raw("bellwether.score"), scores],
    [sql.raw("bellwether.score_chunk"), chunks],
  ])
    await db.execute(sql`alter table ${whole} attach partition ${part} for values in (${sql.raw(String(runId))})`);
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
