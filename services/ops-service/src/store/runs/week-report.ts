import { bandFromNumber } from "@bellwether/contract/band-codes";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { RunLosses } from "../../domain/run-losses.ts";
import type { RunTotal } from "../../domain/runs/run-totals.ts";
import type { AlertCounts, Mover, ReportedRun, WeekChange, WeekReport } from "../../domain/runs/week-report.ts";
import { chooseModel } from "../../domain/scores/choose-model.ts";
import type { ImpactFormula } from "../../domain/scores/expected-impact.ts";
import { CHANGE_EVENTS, IN_WEEK, weekBounds } from "../alerts/week-changes.ts";
import type { Db } from "../database.ts";
import { NOT_EXPIRED } from "../scores/expired-runs.ts";
import { FEATURES_COLUMN, scoresOf } from "../scores/score-rows.ts";
import { listScoringModels } from "../scores/scoring-models.ts";
import { numberInScope, scoreInScope } from "../supplier-scopes.ts";
import { noCompleteRun } from "./no-complete-run.ts";

export interface RunRow extends Record<string, unknown> {
  readonly runId: number;
  readonly isoWeek: string;
  readonly completedUs: number | null;
  readonly formula: ImpactFormula | null;
  readonly totals: readonly RunTotal[] | null;
  readonly losses: RunLosses | null;
  readonly overtakenBy: string;
  readonly features: number;
}

export interface WeekReportRequest {
  /** Empty: the latest complete week of the model. */
  readonly isoWeek: string;
  /** Empty: the default model of `chooseModel`. */
  readonly modelName: string;
  /** Maximum number of risers, and of fallers. */
  readonly movers: number;
  /** The suppliers that the caller sees, by what the runs stored; their alerts by the master data. Undefined: all. */
  readonly scope: SupplierScope | undefined;
}

/**
 * Summarizes a complete week of a model. Undefined: no run is complete. @throws ModelNotScoredError,
 * RunNotFoundError
 */
export async function readWeekReport(db: Db, request: WeekReportRequest): Promise<WeekReport | undefined> {
  const models = await listScoringModels(db);
  const modelName = chooseModel(models, request.modelName);
  if (modelName === undefined) return undefined;
  const { isoWeek, movers, scope } = request;
  const [row] = await readRuns(db, modelName, isoWeek === "" ? sql`true` : sql`r.iso_week = ${isoWeek}`);
  if (!row) throw await noCompleteRun(db, isoWeek, modelName);
  const [previous] = await readRuns(db, modelName, sql`r.iso_week < ${row.isoWeek}`);
  const isVisible = scoreInScope(scope) ?? sql`true`;
  const moversOf = (condition: SQL, order: SQL): Promise<Mover[]> =>
    readMovers(db, row, scope ? sql`${condition} and ${isVisible}` : condition, order, movers);
  return {
    modelName,
    modelNames: models.map((model) => model.modelName),
    run: await reportedRun(db, row, scope),
    previous: previous ? await reportedRun(db, previous, scope) : null,
    latestWeek: models.find((model) => model.modelName === modelName)?.latestWeek || row.isoWeek,
    ...(await readLater(db, modelName, row.isoWeek)),
    alerts: await countAlerts(db, modelName, row.isoWeek, scope),
    risers: await moversOf(sql`s.delta > 0`, sql`s.delta desc`),
    fallers: await moversOf(sql`s.delta < 0`, sql`s.delta asc`),
  };
}

/** Reads the newest complete run of a model that meets a condition. */
export async function readRuns(db: Db, modelName: string, condition: SQL): Promise<readonly RunRow[]> {
  const { rows } = await db.execute<RunRow>(sql`
    select r.id as "runId", r.iso_week as "isoWeek", (extract(epoch from r.completed_at) * 1e6)::float8 as "completedUs",
      r.impact_formula as formula, r.totals, r.losses, r.overtaken_by as "overtakenBy",
      ${FEATURES_COLUMN}
    from bellwether.run r where r.model_name = ${modelName} and r.state = 'complete'
      and ${NOT_EXPIRED} and ${condition}
    order by r.iso_week desc limit 1`);
  return rows;
}

/** Returns a run with its sums over the suppliers of a scope. @param scope undefined: all suppliers */
export async function reportedRun(
  db: Db,
  { totals, completedUs, ...row }: RunRow,
  scope: SupplierScope | undefined,
): Promise<ReportedRun> {
  return {
    ...row,
    completedAt: completedUs === null ? null : new Date(completedUs / 1000),
    totals: (scope ? null : totals) ?? (await sumScores(db, row, scope)),
  };
}

/**
 * Returns the sums of a run over the suppliers of a scope, or of a run of an earlier release, which has only the
 * suppliers' present exposures. How many scores are incomplete is only recorded for whole runs.
 */
async function sumScores(
  db: Db,
  { runId, formula }: Pick<RunRow, "runId" | "formula">,
  scope: SupplierScope | undefined,
): Promise<RunTotal[]> {
  const exposure = formula === null ? sql`u.exposure` : sql`s.exposure`;
  const { rows } = await db.execute<Omit<RunTotal, "band" | "incomplete"> & { band: number }>(sql`
    select s.band, count(*)::float8 as suppliers,
      coalesce(sum(s.impact) filter (where s.p is not null and ${exposure} is not null), 0) as impact,
      (count(*) filter (where s.p is not null and ${exposure} is null))::float8 as "withoutExposure"
    from ${scoresOf(runId)} s join bellwether.supplier u on u.id = s.supplier
    where ${scoreInScope(scope) ?? sql`true`} group by s.band`);
  return rows.map(({ band, ...sums }) => ({ ...sums, band: bandFromNumber(band) ?? "unknown", incomplete: null }));
}

/** Reads the states of the model's runs of later weeks. */
async function readLater(db: Db, modelName: string, isoWeek: string) {
  const { rows } = await db.execute<{ state: string; failure: string }>(sql`
    select state, failure from bellwether.run
    where model_name = ${modelName} and iso_week > ${isoWeek} and state in ('failed', 'running', 'held')
    order by iso_week desc limit 10`);
  return {
    laterFailure: rows.find(({ state }) => state === "failed")?.failure ?? "",
    isLaterRunning: rows.some(({ state }) => state === "running"),
  };
}

/** Counts the alerts that changed in a week, each at most once per kind of change. */
async function countAlerts(
  db: Db,
  modelName: string,
  isoWeek: string,
  scope: SupplierScope | undefined,
): Promise<AlertCounts> {
  const conditions = [sql`a.model_name = ${modelName} and ${IN_WEEK}`, ...numberInScope(scope, sql`a.supplier_id`)];
  const count = (change: WeekChange): SQL =>
    sql`(count(distinct e.alert_id) filter (where ${CHANGE_EVENTS[change]}))::float8`;
  const { rows } = await db.execute<AlertCounts & Record<string, unknown>>(sql`
    select ${count("raised")} as raised, ${count("worse")} as worse, ${count("better")} as better,
      ${count("cleared")} as cleared, ${count("snoozed")} as snoozed, ${count("resolved")} as resolved
    from bellwether.alert_event e join bellwether.alert a on a.id = e.alert_id, ${weekBounds(modelName, isoWeek)} b
    where ${sql.join(conditions, sql` and `)}`);
  return rows[0] ?? { raised: 0, worse: 0, better: 0, cleared: 0, snoozed: 0, resolved: 0 };
}

interface MoverRow extends Record<string, unknown>, Omit<Mover, "band"> {
  readonly band: number;
}

/** Reads the suppliers whose scores changed most. Equal changes are in the order of the suppliers' ids. */
export async function readMovers(
  db: Db,
  run: Pick<RunRow, "runId" | "formula" | "features">,
  condition: SQL,
  order: SQL,
  limit: number,
): Promise<Mover[]> {
  const exposure = run.formula === null ? sql`u.exposure` : sql`s.exposure`;
  const { rows } = await db.execute<MoverRow>(sql`
    select u.external_id as "supplierId", u.name, s.p as "riskScore", s.delta::float8 as change, s.band,
      case when ${exposure} is not null then s.impact end as impact,
      s.present::float8 / nullif(${run.features}::int, 0) as completeness
    from ${scoresOf(run.runId)} s join bellwether.supplier u on u.id = s.supplier
    where ${condition} order by ${order}, u.external_id collate "C" limit ${limit}::int`);
  return rows.map(({ band, ...mover }) => ({ ...mover, band: bandFromNumber(band) ?? "unknown" }));
}
