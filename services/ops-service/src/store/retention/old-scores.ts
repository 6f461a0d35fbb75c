import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { type ExpiredRun, type ModelScores, oldestKeptWeek, removalEvent } from "../../domain/retention.ts";
import { appendEvents } from "../audit/audit-events.ts";
import type { Db, InTransaction } from "../database.ts";
import { keepScores } from "../outcomes/kept-scores.ts";
import { NOT_EXPIRED } from "../scores/expired-runs.ts";
import { newestWeeks } from "./newest-weeks.ts";
import type { RemovalPorts } from "./retention-progress.ts";

/** States of runs that have ended for good, with tables of scores. A failed or held run can be continued. */
const ENDED = sql`r.state::text in ('complete', 'voided', 'superseded')`;
/** Maximum number of runs that expire in one transaction: the audit log is locked meanwhile. */
const MAX_RUNS = 50;
/** Number of suppliers whose histories are cleaned in one transaction. */
const BATCH_SUPPLIERS = 2_000;
/** Class of the advisory lock that keeps two replicas from removing at the same time. */
const RETENTION_LOCK = 0x72657461;

export interface RemovalOptions extends RemovalPorts {
  /**
   * Time between the end of the use of scores and their removal, ms. Longer than a statement may take, so that no reader that found
   * the run misses its tables.
   */
  readonly graceMs: number;
}

type ScoreRemoval = RemovalOptions & { readonly scoreWeeks: number };

/** What a pass has done, in numbers. */
export interface RetentionPass {
  readonly runsExpired: number;
  readonly runsRemoved: number;
  /** Rows of the histories of suppliers that were deleted. */
  readonly historyRows: number;
}

/** Lists the models with the newest complete week and the numbers of their runs. */
export async function readModelScores(db: Db, scoreWeeks: number): Promise<ModelScores[]> {
  const models: ModelScores[] = [];
  for (const { modelName, newestWeek } of await newestWeeks(db)) {
    const oldest = oldestKeptWeek(newestWeek, scoreWeeks);
    const { rows } = await db.execute<Counts>(sql`
      select (count(*) filter (where r.scores_expired_at is null and r.iso_week >= ${oldest}))::int as kept,
        (count(*) filter (where r.scores_removed_at is null
          and (r.scores_expired_at is not null or r.iso_week < ${oldest})))::int as due,
        count(r.scores_removed_at)::int as removed,
        (extract(epoch from max(r.scores_removed_at)) * 1000)::float8 as "lastMs"
      from bellwether.run r
      where r.model_name = ${modelName} and ${ENDED}`);
    const { kept = 0, due = 0, removed = 0, lastMs = null } = rows[0] ?? {};
    const counts = { runsKept: kept, runsDue: due, runsRemoved: removed };
    models.push({ modelName, newestWeek, ...counts, lastRemovedAt: lastMs === null ? null : new Date(lastMs) });
  }
  return models;
}

interface Counts extends Record<string, unknown> {
  readonly kept: number;
  readonly due: number;
  readonly removed: number;
  readonly lastMs: number | null;
}

/**
 * Removes scores that are older than the retention, in three steps that each may be interrupted and repeated: they expire, with an
 * audit event, in one transaction; after the grace time, the histories are cleaned in small transactions; then the tables of the run
 * are detached without blocking readers, and dropped. Nothing is done while another replica does it.
 * @param db connections outside of transactions, with a lock timeout
 */
export async function removeOldScores(
  db: Db,
  inTransaction: InTransaction,
  options: ScoreRemoval,
): Promise<RetentionPass> {
  const runsExpired = await expireRuns(inTransaction, options);
  const due = await removableRuns(db, options.graceMs);
  const historyRows = due.length === 0 ? 0 : await cleanHistories(inTransaction, due);
  let runsRemoved = 0;
  for (const runId of due) {
    for (const table of ["score", "score_chunk"]) await removeTable(db, table, runId);
    await db.execute(
      sql`update bellwether.run set scores_removed_at = clock_timestamp() where id = ${runId}::int and scores_removed_at is null`,
    );
    runsRemoved++;
  }
  return { runsExpired, runsRemoved, historyRows };
}

/** Marks runs as expired, and records it. Returns their number. */
function expireRuns(inTransaction: InTransaction, options: ScoreRemoval): Promise<number> {
  const { scoreWeeks, now, newId } = options;
  return inTransaction(async ({ db }) => {
    const { rows: locks } = await db.execute<{ taken: boolean }>(
      sql`select pg_try_advisory_xact_lock(${RETENTION_LOCK}::int, 0) as taken`,
    );
    if (!locks[0]?.taken) return 0;
    let expired = 0;
    for (const { modelName, newestWeek } of await newestWeeks(db)) {
      const oldest = oldestKeptWeek(newestWeek, scoreWeeks);
      // Locked, so that a run that is voided or superseded at the same time is not counted twice.
      const { rows: found } = await db.execute<
        ExpiredRun & { readonly isComplete: boolean } & Record<string, unknown>
      >(sql`
        select r.state = 'complete' as "isComplete", r.id as "runId", r.model_name as "modelName", r.iso_week as "isoWeek", r.rows_scored::float8 as suppliers,
          r.chunks_received as chunks
        from bellwether.run r where r.model_name = ${modelName} and r.iso_week < ${oldest} and ${ENDED} and ${NOT_EXPIRED}
        order by r.iso_week, r.id limit ${MAX_RUNS - expired} for no key update`);
      if (found.length === 0) continue;
      for (const { runId, isComplete } of found) if (isComplete) await keepScores(db, runId);
      const rows = found.map(({ isComplete: _state, ...run }) => run);
      const ids = sql.param(rows.map(({ runId }) => runId));
      await db.execute(
        sql`update bellwether.run set scores_expired_at = clock_timestamp() where id = any(${ids}::int[])`,
      );
      const nowUs = BigInt(now().getTime()) * 1000n;
      const events = rows.map((run) => ({
        ...removalEvent(run, scoreWeeks, oldest),
        ...{ eventId: newId(), occurredUs: nowUs },
      }));
      await appendEvents(db, events, nowUs);
      expired += rows.length;
    }
    return expired;
  });
}

/** Returns the runs that expired before the grace time and still have data. */
async function removableRuns(db: Db, graceMs: number): Promise<number[]> {
  const { rows } = await db.execute<{ id: number }>(sql`
    select id from bellwether.run
    where scores_removed_at is null and scores_expired_at <= clock_timestamp() - ${graceMs}::float8 * interval '1 millisecond'
    order by id limit ${MAX_RUNS}`);
  return rows.map(({ id }) => id);
}

/**
 * Deletes the rows of runs from the histories of all suppliers. The histories are partitioned by supplier, so a run is in all of
 * them. Each transaction reads and locks the rows of some suppliers only. Returns the number of deleted rows.
 */
async function cleanHistories(inTransaction: InTransaction, runIds: readonly number[]): Promise<number> {
  const ids = sql.param([...runIds]);
  let deleted = 0;
  for (let from = 0, last = from; from <= last; from += BATCH_SUPPLIERS)
    deleted += await inTransaction(async ({ db }) => {
      const { rows } = await db.execute<{ last: number | null }>(sql`select max(id) as last from bellwether.supplier`);
      last = rows[0]?.last ?? 0;
      const { rowCount } = await db.execute(sql`
        delete from bellwether.score_history
        where supplier >= ${from}::int and supplier < ${from + BATCH_SUPPLIERS}::int and run = any(${ids}::int[])`);
      return rowCount ?? 0;
    });
  return deleted;
}

/**
 * Drops the table of a run. It is first detached concurrently, which needs no lock that readers of the other runs wait for; a plain
 * DROP would wait for every reader of the whole table, and all later readers would wait for it.
 */
async function removeTable(db: Db, table: string, runId: number): Promise<void> {
  const [whole, part] = [sql.raw(`bellwether.${table}`), sql.raw(`bellwether.${table}_r${Math.trunc(runId)}`)];
  const { rows } = await db.execute<{ isPending: boolean | null }>(sql`
    select i.inhdetachpending as "isPending" from pg_class c left join pg_inherits i on i.inhrelid = c.oid
    where c.oid = to_regclass(${`bellwether.${table}_r${Math.trunc(runId)}`})`);
  const [found] = rows;
  if (found === undefined) return;
  if (found.isPending !== null) await db.execute(detach(whole, part, found.isPending));
  await db.execute(sql`drop table if exists ${part}`);
}

/** A detachment that was interrupted is finished. */
function detach(whole: SQL, part: SQL, isPending: boolean): SQL {
  return sql`alter table ${whole} detach partition ${part} ${isPending ? sql`finalize` : sql`concurrently`}`;
}
