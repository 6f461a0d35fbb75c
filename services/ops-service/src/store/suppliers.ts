import { sql } from "@bellwether/storage/drizzle";
import type { SQL } from "drizzle-orm";
import { chooseModel, type ScoringModel } from "../domain/choose-model.ts";
import { PageTokenError } from "../domain/ops-error.ts";
import type { ScoredBy } from "../domain/run.ts";
import { BAND_NUMBERS } from "../domain/scored-chunk.ts";
import type {
  ColumnContribution,
  Supplier,
  SupplierHistory,
  SupplierList,
  SupplierQuery,
  SupplierScore,
} from "../domain/supplier.ts";
import type { Db } from "./database.ts";
import { listScoringModels } from "./runs.ts";
import { topFromBytes } from "./score-copy.ts";
import { bandName } from "./score-partitions.ts";

interface ScoreColumns extends Record<string, unknown> {
  runId: number;
  isoWeek: string;
  p: number | null;
  delta: number | null;
  band: number;
  impact: number;
  top: Uint8Array;
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

/** Of the supplier `u`, with the alerts of one model. */
function supplierColumns(modelName: string): SQL {
  return sql`
  u.id as number, u.external_id as "supplierId", u.name, u.exposure,
  (select value from bellwether.label where id = u.region_id) as region,
  (select value from bellwether.label where id = u.category_id) as category,
  (select count(*)::int from bellwether.alert a
    where a.supplier_id = u.id and a.model_name = ${modelName} and a.state <> 'resolved') as "activeAlerts"`;
}

const SCORE_COLUMNS = sql`
  s.run as "runId", r.iso_week as "isoWeek", s.p, s.delta::float8 as delta, s.band, s.impact, s.top,
  r.scored_by as "scoredBy", (extract(epoch from r.completed_at) * 1e6)::float8 as "completedUs"`;

/**
 * Suppliers of a model's latest complete run, or of the run that a list began with, highest impact first.
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
  return { suppliers: rows.map((row) => supplierOf(row, scoreOf(row))), modelName: run.modelName, modelNames };
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
 * A supplier with all contributions of its latest score by one model, and that model's scores, newest first, without contributions.
 * Without a model's name: the default of `chooseModel`, or the model that scored the supplier last when that one never did.
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
  const history = rows.map((row) => ({ ...scoreOf(row), contributions: [] }));
  const [latest] = history;
  const contributions = latest && (await allContributions(db, latest, number));
  const supplier = supplierOf(known, latest && contributions ? { ...latest, contributions } : null);
  return { supplier, history, modelName, scoredByModels: scorers.toSorted() };
}

/** The models that have scored a supplier, the one with the latest week first. */
async function modelsOf(db: Db, supplier: number): Promise<readonly string[]> {
  const { rows } = await db.execute<{ modelName: string }>(sql`
    select r.model_name as "modelName" from bellwether.score s join bellwether.run r on r.id = s.run
    where s.supplier = ${supplier} group by r.model_name order by max(r.iso_week) desc, min(r.id)`);
  return rows.map(({ modelName }) => modelName);
}

/** One slice of the chunk that the supplier was scored in. */
async function allContributions(
  db: Db,
  { runId, scoredBy }: SupplierScore,
  supplier: number,
): Promise<ColumnContribution[]> {
  const names = scoredBy?.columnNames ?? [];
  const bytes = names.length * 4;
  const { rows } = await db.execute<{ phi: Uint8Array }>(sql`
    select substring(c.phi from s.pos * ${bytes}::int + 1 for ${bytes}::int) as phi
    from bellwether.score s join bellwether.score_chunk c on c.run = s.run and c.chunk = s.chunk
    where s.run = ${runId} and s.supplier = ${supplier}`);
  const phi = new Float32Array(new Uint8Array(rows[0]?.phi ?? []).buffer);
  return names
    .map((column, i) => ({ column, contribution: phi[i] ?? 0 }))
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
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
  const names = row.scoredBy?.columnNames ?? [];
  return {
    runId: row.runId,
    isoWeek: row.isoWeek,
    riskScore: row.p,
    band: bandName(row.band),
    change: row.delta,
    impact: row.p === null ? null : row.impact,
    contributions: topFromBytes(row.top).map(({ column, contribution }) => ({
      column: names[column] ?? "",
      contribution,
    })),
    scoredBy: row.scoredBy,
    completedAt: row.completedUs === null ? null : new Date(row.completedUs / 1000),
  };
}
