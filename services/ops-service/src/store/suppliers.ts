import { BAND_NUMBERS, bandFromNumber } from "@bellwether/contract/band-codes";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { chooseModel, type ScoringModel } from "../domain/choose-model.ts";
import { explainScore } from "../domain/explain-score.ts";
import { PageTokenError } from "../domain/ops-error.ts";
import type { ScoredBy } from "../domain/run.ts";
import type { Supplier, SupplierHistory, SupplierList, SupplierQuery, SupplierScore } from "../domain/supplier.ts";
import type { Db } from "./database.ts";
import { listScoringModels } from "./runs.ts";
import { TOP_CONTRIBUTIONS } from "./score-copy.ts";
import { readStoredScores, type ScoreKey, scoreKey } from "./stored-scores.ts";

interface ScoreColumns extends Record<string, unknown> {
  runId: number;
  isoWeek: string;
  p: number | null;
  delta: number | null;
  band: number;
  impact: number;
  scoredBy: ScoredBy | null;
  completedUs: number | null;
}

interface SupplierColumns extends Record<string, unknown> {
  number: number;
  supplierId: string;
  name: string;
  region: string | null;
  category: string | null;
  exposure: number | null;
  activeAlerts: number;
}

/** Returns the SQL of the columns of the supplier `u`, with the alerts of one model. */
function supplierColumns(modelName: string): SQL {
  return sql`
  u.id as number, u.external_id as "supplierId", u.name, u.exposure,
  (select value from bellwether.label where id = u.region_id) as region,
  (select value from bellwether.label where id = u.category_id) as category,
  (select count(*)::int from bellwether.alert a
    where a.supplier_id = u.id and a.model_name = ${modelName} and a.state <> 'resolved') as "activeAlerts"`;
}

const SCORE_COLUMNS = sql`
  s.run as "runId", r.iso_week as "isoWeek", s.p, s.delta::float8 as delta, s.band, s.impact,
  r.scored_by as "scoredBy", (extract(epoch from r.completed_at) * 1e6)::float8 as "completedUs"`;

/**
 * Lists the suppliers of a model's latest complete run, highest impact first. Later pages stay with the run
 * of the first page.
 * @throws ModelNotScoredError, PageTokenError for a token of another model's list
 */
export async function listSuppliers(db: Db, query: SupplierQuery, limit: number): Promise<SupplierList> {
  const { band, region, category, after } = query;
  const models = await listScoringModels(db);
  const modelNames = models.map(({ modelName }) => modelName);
  const run = after ? await runOfToken(db, after.runId, query.modelName) : await latestRun(db, models, query.modelName);
  if (!run) return { suppliers: [], modelName: "", modelNames };
  const conditions = [
    band && sql`s.band = ${BAND_NUMBERS[band]}`,
    region !== undefined && sql`s.region = ${labelId("region", region)}`,
    category !== undefined && sql`s.category = ${labelId("category", category)}`,
    after && sql`(s.impact, s.supplier) < (${after.impact}::float8, ${after.number}::int)`,
  ].filter((condition): condition is SQL => Boolean(condition));
  const { rows } = await db.execute<SupplierColumns & ScoreColumns>(sql`
    with page as materialized (
      select * from bellwether.score s where ${sql.join([sql`s.run = ${run.id}::int`, ...conditions], sql` and `)}
      order by s.impact desc, s.supplier desc limit ${limit}
    )
    select ${supplierColumns(run.modelName)}, ${SCORE_COLUMNS} from page s
    join bellwether.supplier u on u.id = s.supplier join bellwether.run r on r.id = s.run
    order by s.impact desc, s.supplier desc`);
  const scores = await explained(
    db,
    rows.map((row) => ({ runId: row.runId, supplier: row.number, score: scoreOf(row) })),
  );
  const suppliers = rows.map((row, i) => supplierOf(row, scores[i] ? withLargest(scores[i]) : null));
  return { suppliers, modelName: run.modelName, modelNames };
}

/** Returns a score for a list: with only the largest contributions. */
function withLargest({ explanation, ...score }: SupplierScore): SupplierScore {
  if (explanation === null) return { ...score, explanation };
  return {
    ...score,
    explanation: { ...explanation, contributions: explanation.contributions.slice(0, TOP_CONTRIBUTIONS) },
  };
}

interface RunOfModel extends Record<string, unknown> {
  readonly id: number;
  readonly modelName: string;
}

async function latestRun(db: Db, models: readonly ScoringModel[], wanted: string): Promise<RunOfModel | undefined> {
  const modelName = chooseModel(models, wanted);
  if (modelName === undefined) return undefined;
  const { rows } = await db.execute<RunOfModel>(sql`
    select id, model_name as "modelName" from bellwether.run
    where state = 'complete' and model_name = ${modelName} order by iso_week desc limit 1`);
  return rows[0];
}

async function runOfToken(db: Db, runId: number, wanted: string): Promise<RunOfModel> {
  const { rows } = await db.execute<RunOfModel>(
    sql`select id, model_name as "modelName" from bellwether.run where id = ${runId}::int and state = 'complete'`,
  );
  const [run] = rows;
  if (!run || (wanted !== "" && wanted !== run.modelName)) throw new PageTokenError();
  return run;
}

/**
 * Returns a supplier with all contributions of its latest score by one model, and the scores of that model,
 * newest first, without contributions. Without a model name: the default of `chooseModel` or, if it has never
 * scored the supplier, the model that scored it last.
 * @throws ModelNotScoredError
 */
export async function findSupplier(
  db: Db,
  supplierId: string,
  { weeks, modelName: wanted }: { readonly weeks: number; readonly modelName: string },
): Promise<SupplierHistory | undefined> {
  const { rows: ids } = await db.execute<{ id: number }>(
    sql`select id from bellwether.supplier where external_id = ${supplierId}`,
  );
  const number = ids[0]?.id;
  if (number === undefined) return undefined;
  const scorers = await modelsOf(db, number);
  const choice = chooseModel(await listScoringModels(db), wanted) ?? "";
  const modelName = wanted === "" && !scorers.includes(choice) ? (scorers[0] ?? choice) : choice;
  const { rows: suppliers } = await db.execute<SupplierColumns>(
    sql`select ${supplierColumns(modelName)} from bellwether.supplier u where u.id = ${number}`,
  );
  const [known] = suppliers;
  if (!known) return undefined;
  const { rows } = await db.execute<ScoreColumns>(sql`
    select ${SCORE_COLUMNS} from bellwether.score s join bellwether.run r on r.id = s.run
    where s.supplier = ${number} and r.model_name = ${modelName} order by r.iso_week desc limit ${weeks}`);
  const history = rows.map(scoreOf);
  const latest = history.slice(0, 1).map((score) => ({ runId: score.runId, supplier: number, score }));
  const [latestScore] = await explained(db, latest);
  const supplier = supplierOf(known, latestScore ?? null);
  return { supplier, history, modelName, scoredByModels: scorers.toSorted() };
}

/** Lists the models that have scored a supplier, the model with the latest week first. */
async function modelsOf(db: Db, supplier: number): Promise<readonly string[]> {
  const { rows } = await db.execute<{ modelName: string }>(sql`
    select r.model_name as "modelName" from bellwether.score s join bellwether.run r on r.id = s.run
    where s.supplier = ${supplier} group by r.model_name order by max(r.iso_week) desc, min(r.id)`);
  return rows.map(({ modelName }) => modelName);
}

async function explained(db: Db, scores: readonly (ScoreKey & { readonly score: SupplierScore })[]) {
  const stored = await readStoredScores(db, scores);
  return scores.map(({ score, ...key }) => {
    const found = stored.get(scoreKey(key));
    return { ...score, explanation: found ? explainScore(found) : null };
  });
}

function labelId(kind: "region" | "category", value: string): SQL {
  return sql`(select id from bellwether.label where kind = ${kind} and value = ${value})`;
}

function supplierOf(row: SupplierColumns, latestScore: SupplierScore | null): Supplier {
  const { number, supplierId, name, exposure, activeAlerts } = row;
  const labels = { region: row.region ?? "", category: row.category ?? "" };
  return { number, supplierId, name, ...labels, exposure, activeAlerts, latestScore };
}

function scoreOf(row: ScoreColumns): SupplierScore {
  return {
    runId: row.runId,
    isoWeek: row.isoWeek,
    riskScore: row.p,
    band: bandFromNumber(row.band) ?? "unknown",
    change: row.delta,
    impact: row.p === null ? null : row.impact,
    explanation: null,
    scoredBy: row.scoredBy,
    completedAt: row.completedUs === null ? null : new Date(row.completedUs / 1000),
  };
}
