import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { isWeek } from "../../domain/retention.ts";
import type { Db } from "../database.ts";

/** Returns the newest complete week of each model. A week that was forced before it began does not count. */
export async function newestWeeks(db: Db): Promise<{ readonly modelName: string; readonly newestWeek: string }[]> {
  const { rows } = await db.execute<{ modelName: string; newestWeek: string }>(sql`
    select model_name as "modelName", max(iso_week) as "newestWeek" from bellwether.run
    where state = 'complete' and force_future is null group by model_name order by model_name`);
  return rows.filter(({ newestWeek }) => isWeek(newestWeek));
}
