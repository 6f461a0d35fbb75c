import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { chooseModel } from "../../domain/scores/choose-model.ts";
import type { Db } from "../database.ts";
import { listScoringModels } from "../scores/scoring-models.ts";
import { noCompleteRun } from "./no-complete-run.ts";
import { readRuns } from "./week-report.ts";

/** The report of a complete run. */
export interface StoredReport {
  readonly runId: number;
  readonly isoWeek: string;
  readonly modelName: string;
  /** JSON. Null: an earlier release completed the run. */
  readonly report: string | null;
}

/**
 * Reads the report of a complete week. @param isoWeek empty: the latest one of the model
 * @throws ModelNotScoredError, RunNotFoundError
 */
export async function readStoredReport(
  db: Db,
  { isoWeek, modelName: wanted }: { readonly isoWeek: string; readonly modelName: string },
): Promise<StoredReport> {
  const modelName = chooseModel(await listScoringModels(db), wanted);
  if (modelName === undefined) throw await noCompleteRun(db, isoWeek, wanted);
  const [row] = await readRuns(db, modelName, isoWeek === "" ? sql`true` : sql`r.iso_week = ${isoWeek}`);
  if (!row) throw await noCompleteRun(db, isoWeek, modelName);
  const { rows } = await db.execute<{ report: string }>(
    sql`select report from bellwether.run_report where run_id = ${row.runId}::int`,
  );
  return { runId: row.runId, isoWeek: row.isoWeek, modelName, report: rows[0]?.report ?? null };
}
