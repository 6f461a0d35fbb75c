import { bandFromNumber } from "@bellwether/contract/band-codes";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { ImpactFormula } from "../../domain/scores/expected-impact.ts";
import { explainScore, type StoredScore } from "../../domain/scores/explain-score.ts";
import type { ScoredBy } from "../../domain/scores/run.ts";
import type { SupplierScore } from "../../domain/suppliers/supplier.ts";
import type { Db } from "../database.ts";

/** A complete run, as its scores need it. */
export interface ScoredRun extends Record<string, unknown> {
  readonly id: number;
  readonly modelName: string;
  readonly isoWeek: string;
  readonly completedUs: number | null;
  readonly scoredBy: Omit<ScoredBy, "columnNames"> | null;
  readonly formula: ImpactFormula | null;
  /** The run that the changes of the scores are computed from. Null: there is none. */
  readonly previousRunId: number | null;
}

/** A complete run with the number of features of its model. */
export interface ScoredRunWithFeatures extends ScoredRun {
  /** 0: not recorded. */
  readonly features: number;
}

/** The columns of a run `r` as a ScoredRun. The names of the model columns are left out: there can be thousands. */
export const RUN_COLUMNS = sql`
  r.id, r.model_name as "modelName", r.iso_week as "isoWeek", r.scored_by - 'columnNames' as "scoredBy",
  r.impact_formula as formula, r.previous_run_id as "previousRunId", (extract(epoch from r.completed_at) * 1e6)::float8 as "completedUs"`;

/** The further column of a ScoredRunWithFeatures. */
export const FEATURES_COLUMN = sql`coalesce(r.feature_count, 0) as features`;

/** A row of a run's scores. */
export interface ScoreRow extends Record<string, unknown> {
  readonly supplier: number;
  readonly p: number | null;
  readonly delta: number | null;
  readonly band: number;
  readonly impact: number | null;
  readonly exposure: number | null;
  readonly present: number | null;
}

/** The columns of a score `s` as a ScoreRow. */
export const SCORE_COLUMNS = sql`s.supplier, s.p, s.delta::float8 as delta, s.band, s.impact, s.exposure, s.present`;

/** Returns the table of a run's scores. Naming it locks no other run's tables. */
export function scoresOf(runId: number): SQL {
  return sql.raw(`bellwether.score_r${Math.trunc(runId)}`);
}

/** Reads the scores of some suppliers in one run, by number of the supplier, without explanations. */
export async function readScores(
  db: Db,
  run: ScoredRun,
  suppliers: readonly number[],
): Promise<ReadonlyMap<number, ScoreRow>> {
  if (suppliers.length === 0) return new Map();
  const { rows } = await db.execute<ScoreRow>(sql`
    select ${SCORE_COLUMNS} from ${scoresOf(run.id)} s
    where s.run = ${run.id}::int and s.supplier = any(${sql.param([...suppliers])}::int[])`);
  return new Map(rows.map((row) => [row.supplier, row]));
}

/**
 * Returns a score without its explanation.
 * @param presentExposure The supplier's present exposure, which decides for runs that have not recorded it.
 */
export function scoreOf(row: ScoreRow, run: ScoredRunWithFeatures, presentExposure: number | null): SupplierScore {
  const recorded = run.formula === null ? presentExposure : row.exposure;
  return {
    runId: run.id,
    isoWeek: run.isoWeek,
    riskScore: row.p,
    band: bandFromNumber(row.band) ?? "unknown",
    change: row.delta,
    impact: row.p === null ? null : row.impact,
    orderedExposure: row.exposure,
    isExposureKnown: row.p !== null && recorded !== null,
    completeness: row.present === null || run.features === 0 ? null : row.present / run.features,
    explanation: null,
    scoredBy: run.scoredBy,
    completedAt: run.completedUs === null ? null : new Date(run.completedUs / 1000),
  };
}

/** Adds the explanation to a score. @param stored Undefined: the score's run has none, or was removed. */
export function withExplanation(score: SupplierScore, stored: StoredScore | undefined): SupplierScore {
  if (!stored) return score;
  const explanation = explainScore(stored);
  const { completeness } = explanation;
  // Runs of earlier releases have the values of the features, but not their number.
  const share = completeness && completeness.total > 0 ? completeness.present / completeness.total : null;
  return { ...score, explanation, completeness: score.completeness ?? share };
}
