import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { ScoringModel } from "../../domain/scores/choose-model.ts";
import type { Db } from "../database.ts";

/** Lists the models with a run that was complete once and may have raised alerts, in alphabetical order. */
export async function listAlertModels(db: Db): Promise<readonly string[]> {
  const { rows } = await db.execute<{ modelName: string }>(sql`
    select distinct model_name as "modelName" from bellwether.run
    where state in ('complete', 'superseded', 'voided') order by model_name`);
  return rows.map(({ modelName }) => modelName);
}

/** Lists the models with complete runs, in alphabetical order. */
export async function listScoringModels(db: Db): Promise<readonly ScoringModel[]> {
  const { rows } = await db.execute<ScoringModel & Record<string, unknown>>(sql`
    select model_name as "modelName", coalesce(max(iso_week) filter (where force_future is null), '') as "latestWeek",
      min(id) as "firstRunId"
    from bellwether.run where state = 'complete' group by model_name order by model_name`);
  return rows;
}
