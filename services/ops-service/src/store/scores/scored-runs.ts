import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { PageTokenError } from "../../domain/ops-error.ts";
import { chooseModel, type ScoringModel } from "../../domain/scores/choose-model.ts";
import type { Db } from "../database.ts";
import { NOT_EXPIRED } from "./expired-runs.ts";
import { FEATURES_COLUMN, RUN_COLUMNS, type ScoredRunWithFeatures } from "./score-rows.ts";

async function findRun(db: Db, condition: SQL): Promise<ScoredRunWithFeatures | undefined> {
  const { rows } = await db.execute<ScoredRunWithFeatures>(sql`
    select ${RUN_COLUMNS}, ${FEATURES_COLUMN} from bellwether.run r
    where r.state = 'complete' and ${NOT_EXPIRED} and ${condition}
    order by r.iso_week desc limit 1`);
  return rows[0];
}

/**
 * Returns the latest complete run of the named model or, without a name, of the default model. Undefined: no run
 * is complete. @throws ModelNotScoredError
 */
export async function latestScoredRun(
  db: Db,
  models: readonly ScoringModel[],
  wanted: string,
): Promise<ScoredRunWithFeatures | undefined> {
  const modelName = chooseModel(models, wanted);
  return modelName === undefined ? undefined : await findRun(db, sql`r.model_name = ${modelName}`);
}

/** Returns the complete run of a page token. @throws PageTokenError when it is of another model, or gone */
export async function runOfToken(db: Db, runId: number, wanted: string): Promise<ScoredRunWithFeatures> {
  const run = await findRun(db, sql`r.id = ${runId}::int`);
  if (!run || (wanted !== "" && wanted !== run.modelName)) throw new PageTokenError();
  return run;
}

/** Returns the complete run of a week of a model. */
export function findScoredRun(db: Db, isoWeek: string, modelName: string): Promise<ScoredRunWithFeatures | undefined> {
  return findRun(db, sql`r.iso_week = ${isoWeek} and r.model_name = ${modelName}`);
}
