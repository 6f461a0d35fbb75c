import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { RunNotFoundError } from "../../domain/ops-error.ts";
import type { Db } from "../database.ts";

/** What a person can do about a run that is not complete, by its state. */
const WAYS_ON: Readonly<Record<string, string>> = {
  held: "; approve it (ApproveRun) or void it (VoidRun)",
  failed: "; run the week again",
  missed: "; run the week when its file is there",
  voided: "; run the week again",
};

/**
 * Returns the error about a week without a complete run, with the state of its newest run.
 * @param isoWeek empty: any week
 * @param modelName empty: any model
 */
export async function noCompleteRun(db: Db, isoWeek: string, modelName: string): Promise<RunNotFoundError> {
  const which = `a complete run${isoWeek && ` of ${isoWeek}`}${modelName && ` by the model ${JSON.stringify(modelName)}`}`;
  if (isoWeek === "") return new RunNotFoundError(which);
  const { rows } = await db.execute<{ state: string; revision: number }>(sql`
    select state, revision from bellwether.run
    where iso_week = ${isoWeek} and (${modelName} = '' or model_name = ${modelName})
    order by id desc limit 1`);
  const [newest] = rows;
  // A complete run whose scores were removed has no report either.
  if (!newest || newest.state === "complete") return new RunNotFoundError(which);
  return new RunNotFoundError(which, `revision ${newest.revision} is ${newest.state}${WAYS_ON[newest.state] ?? ""}`);
}
