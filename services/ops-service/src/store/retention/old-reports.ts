import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { oldestKeptWeek } from "../../domain/retention.ts";
import { kindRemovalEvent } from "../../domain/retention-kinds.ts";
import type { InTransaction } from "../database.ts";
import { removeKeptScores } from "../outcomes/kept-scores.ts";
import { removeScorecardScores } from "../outcomes/scorecard-scores.ts";
import { newestWeeks } from "./newest-weeks.ts";
import { lockProgress, type RemovalPorts, recordRemoval } from "./retention-progress.ts";

/** Maximum number of weeks that an event names. */
const MAX_WEEKS_NAMED = 60;

/** Removes the reports and input profiles of weeks before the oldest kept one of each model. Returns the number of reports. */
export async function removeOldReports(
  inTransaction: InTransaction,
  reportWeeks: number,
  ports: RemovalPorts,
): Promise<number> {
  return await inTransaction(async ({ db }) => {
    if ((await lockProgress(db, "reports")) === null) return 0;
    let total = 0;
    for (const { modelName, newestWeek } of await newestWeeks(db)) {
      const oldest = oldestKeptWeek(newestWeek, reportWeeks);
      const ofOldRuns = sql`(select id from bellwether.run where model_name = ${modelName} and iso_week < ${oldest}
        and state::text in ('complete', 'voided', 'superseded'))`;
      const { rowCount: profiles } = await db.execute(
        sql`delete from bellwether.run_profile where run_id in ${ofOldRuns}`,
      );
      const { rows } = await db.execute<{ week: string }>(sql`
        with removed as (delete from bellwether.run_report where run_id in ${ofOldRuns} returning run_id)
        select r.iso_week as week from removed d join bellwether.run r on r.id = d.run_id order by r.iso_week, r.id`);
      const removed = rows.length;
      const weeks = [...new Set(rows.map(({ week }) => week))].slice(0, MAX_WEEKS_NAMED);
      const limits = { reportWeeks, oldestKeptWeek: oldest, weeks };
      const details = { modelName, reports: removed, profiles: profiles ?? 0, ...limits };
      const event = kindRemovalEvent("reports_removed", `model/${modelName}`, details);
      await recordRemoval(db, ports, "reports", { removed, event });
      total += removed;
    }
    return total;
  });
}

/** Removes the scores that were kept for late outcomes and are of weeks before the oldest one. Returns the number of runs. */
export async function removeLateScores(
  inTransaction: InTransaction,
  outcomeWeeks: number,
  ports: RemovalPorts,
): Promise<number> {
  return await inTransaction(async ({ db }) => {
    if ((await lockProgress(db, "late_scores")) === null) return 0;
    let total = 0;
    for (const { modelName, newestWeek } of await newestWeeks(db)) {
      const oldest = oldestKeptWeek(newestWeek, outcomeWeeks);
      const removed = await removeKeptScores(db, modelName, oldest);
      await removeScorecardScores(db, modelName, oldest);
      const details = { modelName, runs: removed, outcomeWeeks, oldestKeptWeek: oldest };
      const event = kindRemovalEvent("late_scores_removed", `model/${modelName}`, details);
      await recordRemoval(db, ports, "late_scores", { removed, event });
      total += removed;
    }
    return total;
  });
}
