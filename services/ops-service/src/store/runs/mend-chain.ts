import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { Run, ScoreComparison } from "../../domain/scores/run.ts";
import type { AlertWriter } from "../alerts/alert-writer.ts";
import type { Db } from "../database.ts";
import { scoresOf } from "../scores/score-rows.ts";

/**
 * Computes the changes of all scores of a run again, against another previous run, and also in the histories of the
 * suppliers. Each statement changes only the rows that differ. A run whose table was dropped counts as no previous run.
 * @param previousRunId null: there is none
 */
export async function relink(db: Db, runId: number, previousRunId: number | null): Promise<void> {
  const scores = scoresOf(runId);
  const previous = await previousScores(db, previousRunId);
  // Scores are copied to the histories under the same lock: the copy has the changes of before or of after.
  await db.execute(sql`select from bellwether.run where id = ${runId}::int for update`);
  await db.execute(sql`
    update ${scores} s set delta = n.delta, previous_chunk = n.chunk, previous_pos = n.pos
    from (
      select x.supplier, (x.p - b.p)::real as delta, b.chunk, b.pos
      from ${scores} x left join ${previous} b on b.supplier = x.supplier
    ) n
    where n.supplier = s.supplier
      and (s.delta, s.previous_chunk, s.previous_pos) is distinct from (n.delta, n.chunk, n.pos)`);
  await db.execute(sql`
    update bellwether.score_history h set delta = s.delta from ${scores} s, bellwether.run r
    where r.id = ${runId}::int and r.history_stored and h.run = ${runId}::int and h.supplier = s.supplier
      and h.delta is distinct from s.delta`);
  await db.execute(sql`
    update bellwether.run set previous_run_id = ${previousRunId}::int where id = ${runId}::int`);
}

/** Returns the scores of a previous run as a table expression. It is empty when they are not stored. */
async function previousScores(db: Db, runId: number | null): Promise<SQL> {
  if (runId !== null && (await hasScores(db, runId)))
    return sql`(select supplier, p, chunk, pos from ${scoresOf(runId)} where p is not null)`;
  return sql`(select null::int as supplier, null::float8 as p, null::smallint as chunk, null::smallint as pos where false)`;
}

async function hasScores(db: Db, runId: number): Promise<boolean> {
  const { rows } = await db.execute<{ is: boolean }>(
    sql`select to_regclass(${`bellwether.score_r${runId}`}) is not null as is`,
  );
  return rows[0]?.is ?? false;
}

/** Links the first complete run after a week to its present previous run, with the alerts that have its values. */
export async function mendChain(
  db: Db,
  writer: AlertWriter,
  { isoWeek, modelName }: Pick<Run, "isoWeek" | "modelName">,
): Promise<void> {
  const { rows } = await db.execute<{ id: number; before: number | null; linked: number | null }>(sql`
    select n.id, n.previous_run_id as linked, (
        select p.id from bellwether.run p
        where p.model_name = n.model_name and p.state = 'complete' and p.iso_week < n.iso_week
        order by p.iso_week desc limit 1
      ) as before
    from bellwether.run n
    where n.model_name = ${modelName} and n.state = 'complete' and n.iso_week > ${isoWeek}
    order by n.iso_week limit 1`);
  const [next] = rows;
  if (!next || next.before === next.linked || !(await hasScores(db, next.id))) return;
  await relink(db, next.id, next.before);
  await writer.mendScoreChanges(next.id, await previousScores(db, next.before));
}

/** Compares two runs by supplier, also suppliers without a score. A run whose table was dropped has no scores. */
export async function compareScores(db: Db, beforeId: number, afterId: number): Promise<ScoreComparison> {
  const stored = new Map<number, boolean>();
  for (const runId of [beforeId, afterId]) stored.set(runId, await hasScores(db, runId));
  const rowsOf = (runId: number) =>
    stored.get(runId)
      ? sql`(select supplier, p, band from ${scoresOf(runId)})`
      : sql`(select null::int as supplier, null::float8 as p, null::smallint as band where false)`;
  const { rows } = await db.execute<ScoreComparison & Record<string, unknown>>(sql`
    select (count(*) filter (where a.supplier = b.supplier))::float8 as suppliers,
      (count(*) filter (where a.supplier = b.supplier and a.p is distinct from b.p))::float8 as "scoresChanged",
      coalesce(max(abs(a.p - b.p)), 0) as "maxScoreChange",
      (count(*) filter (where a.band <> b.band))::float8 as "bandsChanged",
      (count(*) filter (where b.supplier is null))::float8 as "suppliersAdded",
      (count(*) filter (where a.supplier is null))::float8 as "suppliersRemoved"
    from ${rowsOf(afterId)} a full join ${rowsOf(beforeId)} b on b.supplier = a.supplier`);
  const [compared] = rows;
  if (!compared) throw new Error("an aggregate returned no row");
  return compared;
}
