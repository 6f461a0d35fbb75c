import { sql } from "@bellwether/storage/drizzle";
import type { SQL } from "drizzle-orm";
import type { ScoredBy } from "../domain/run.ts";
import { BAND_NUMBERS } from "../domain/scored-chunk.ts";
import type { ColumnContribution, Supplier, SupplierQuery, SupplierScore } from "../domain/supplier.ts";
import type { Db } from "./database.ts";
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

const SUPPLIER_COLUMNS = sql`
  u.id as number, u.external_id as "supplierId", u.name, u.exposure,
  (select value from bellwether.label where id = u.region_id) as region,
  (select value from bellwether.label where id = u.category_id) as category,
  (select count(*)::int from bellwether.alert a where a.supplier_id = u.id and a.state <> 'resolved') as "activeAlerts"`;

const SCORE_COLUMNS = sql`
  s.run as "runId", r.iso_week as "isoWeek", s.p, s.delta::float8 as delta, s.band, s.impact, s.top,
  r.scored_by as "scoredBy", (extract(epoch from r.completed_at) * 1e6)::float8 as "completedUs"`;

/** Suppliers of the latest complete run, or of the run that a list began with, highest impact first. */
export async function listSuppliers(db: Db, query: SupplierQuery, limit: number): Promise<Supplier[]> {
  const { band, region, category, after } = query;
  const conditions = [
    band && sql`s.band = ${BAND_NUMBERS[band]}`,
    region !== undefined && sql`s.region = ${labelId("region", region)}`,
    category !== undefined && sql`s.category = ${labelId("category", category)}`,
    after && sql`(s.impact, s.supplier) < (${after.impact}::float8, ${after.number}::int)`,
  ].filter((condition): condition is SQL => Boolean(condition));
  const runId = after
    ? sql`${after.runId}::int`
    : sql`(select id from bellwether.run where state = 'complete' order by iso_week desc, id desc limit 1)`;
  const { rows } = await db.execute<SupplierColumns & ScoreColumns>(sql`
    with page as materialized (
      select * from bellwether.score s where ${sql.join([sql`s.run = ${runId}`, ...conditions], sql` and `)}
      order by s.impact desc, s.supplier desc limit ${limit}
    )
    select ${SUPPLIER_COLUMNS}, ${SCORE_COLUMNS} from page s
    join bellwether.supplier u on u.id = s.supplier join bellwether.run r on r.id = s.run
    order by s.impact desc, s.supplier desc`);
  return rows.map((row) => supplierOf(row, scoreOf(row)));
}

/** A supplier with all contributions of its latest score, and its scores, newest first, without contributions. */
export async function findSupplier(
  db: Db,
  supplierId: string,
  weeks: number,
): Promise<{ readonly supplier: Supplier; readonly history: readonly SupplierScore[] } | undefined> {
  const found = await db.execute<SupplierColumns>(
    sql`select ${SUPPLIER_COLUMNS} from bellwether.supplier u where u.external_id = ${supplierId}`,
  );
  const [known] = found.rows;
  if (!known) return undefined;
  const { rows } = await db.execute<ScoreColumns>(sql`
    select ${SCORE_COLUMNS} from bellwether.score s join bellwether.run r on r.id = s.run
    where s.supplier = ${known.number} order by r.iso_week desc, r.id desc limit ${weeks}`);
  const history = rows.map((row) => ({ ...scoreOf(row), contributions: [] }));
  const [latest] = history;
  if (!latest) return { supplier: supplierOf(known, null), history };
  const contributions = await allContributions(db, latest, known.number);
  return { supplier: supplierOf(known, { ...latest, contributions }), history };
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
