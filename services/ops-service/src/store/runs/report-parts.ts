import { BAND_NUMBERS } from "@bellwether/contract/band-codes";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SpendGroup, SpendGroups } from "@bellwether/report/weekly-report";
import type { SQL } from "drizzle-orm";
import type { ReportParts, ScoreParts } from "../../domain/runs/compose-report.ts";
import type { Db } from "../database.ts";
import { FEATURES_COLUMN, scoresOf } from "../scores/score-rows.ts";
import { type RunRow, readMovers, readRuns, reportedRun } from "./week-report.ts";

/** Maximum number of risers, and of fallers, in a report. */
const MOVERS = 20;
/** Maximum number of regions, and of categories, in a report. */
const GROUPS = 50;

/** Reads what the report of a run needs of its published scores. The run need not be complete. */
export async function readScoreParts(db: Db, runId: number): Promise<ScoreParts> {
  const { rows } = await db.execute<Pick<RunRow, "runId" | "formula" | "features">>(sql`
    select r.id as "runId", r.impact_formula as formula, ${FEATURES_COLUMN} from bellwether.run r where r.id = ${runId}::int`);
  const [row] = rows;
  if (!row) throw new Error(`run ${runId} is not stored`);
  return {
    units: await readUnits(db, runId),
    regions: await readGroups(db, runId, sql`s.region`),
    categories: await readGroups(db, runId, sql`s.category`),
    risers: await readMovers(db, row, sql`s.delta > 0`, sql`s.delta desc`, MOVERS),
    fallers: await readMovers(db, row, sql`s.delta < 0`, sql`s.delta asc`, MOVERS),
  };
}

/**
 * Reads what else the report of a complete run needs, in the transaction that completes it.
 * @param supplierIds internal ids of the suppliers whose names the report shows
 */
export async function readReportParts(
  db: Db,
  { id, modelName, isoWeek }: { readonly id: number; readonly modelName: string; readonly isoWeek: string },
  supplierIds: readonly number[],
): Promise<ReportParts> {
  const [row] = await readRuns(db, modelName, sql`r.id = ${id}`);
  if (!row) throw new Error(`run ${id} is not complete`);
  const [previous] = await readRuns(db, modelName, sql`r.iso_week < ${isoWeek}`);
  return {
    run: await reportedRun(db, row, undefined),
    previous: previous ? await reportedRun(db, previous, undefined) : null,
    activeAlerts: await countActive(db, modelName),
    suppliers: await readNames(db, supplierIds),
  };
}

async function countActive(db: Db, modelName: string): Promise<number> {
  const { rows } = await db.execute<{ active: number }>(sql`
    select count(*)::int as active from bellwether.alert where model_name = ${modelName} and state <> 'resolved'`);
  return rows[0]?.active ?? 0;
}

/** Reads the units of the features that have one. */
async function readUnits(db: Db, runId: number): Promise<ScoreParts["units"]> {
  const { rows } = await db.execute<{ name: string; unit: string }>(sql`
    select f.value ->> 'name' as name, f.value ->> 'unit' as unit
    from bellwether.run_features r, jsonb_array_elements(r.features) f
    where r.run_id = ${runId}::int and coalesce(f.value ->> 'unit', '') <> ''`);
  return new Map(rows.map(({ name, unit }) => [name, unit]));
}

interface GroupRow extends Record<string, unknown>, SpendGroup {
  readonly groups: number;
  readonly sums: Omit<SpendGroup, "name">;
}

/** Sums exposures and expected impacts by a column with ids of labels, largest sum first. */
async function readGroups(db: Db, runId: number, column: SQL): Promise<SpendGroups> {
  const { rows } = await db.execute<GroupRow>(sql`
    select coalesce(l.value, '') as name, g.suppliers, g.high, g.exposure, g.money_at_risk,
      (count(*) over ())::int as groups,
      jsonb_build_object('suppliers', sum(g.suppliers) over (), 'high', sum(g.high) over (),
        'exposure', sum(g.exposure) over (), 'money_at_risk', sum(g.money_at_risk) over ()) as sums
    from (
      select ${column} as label, count(*)::float8 as suppliers,
        (count(*) filter (where s.band = ${BAND_NUMBERS.high}::int))::float8 as high,
        coalesce(sum(s.exposure), 0)::float8 as exposure,
        coalesce(sum(s.impact) filter (where s.p is not null and s.exposure is not null), 0)::float8 as money_at_risk
      from ${scoresOf(runId)} s group by 1
    ) g left join bellwether.label l on l.id = g.label
    order by g.money_at_risk desc, g.suppliers desc, name limit ${GROUPS}::int`);
  const entries = rows.map(({ groups: _groups, sums: _sums, ...group }) => group);
  const count = rows[0]?.groups ?? 0;
  return { count, entries, rest: count > entries.length && rows[0] ? restOf(rows[0].sums, entries) : null };
}

/** What the groups that are not listed have together. */
function restOf(sums: GroupRow["sums"], listed: readonly SpendGroup[]): SpendGroup {
  const rest = (field: keyof GroupRow["sums"]): number =>
    listed.reduce((left, group) => left - group[field], sums[field]);
  return {
    ...{ name: "", suppliers: rest("suppliers"), high: rest("high") },
    ...{ exposure: rest("exposure"), money_at_risk: rest("money_at_risk") },
  };
}

async function readNames(db: Db, ids: readonly number[]): Promise<ReportParts["suppliers"]> {
  if (ids.length === 0) return new Map();
  const { rows } = await db.execute<{ id: number; supplierId: string; name: string }>(sql`
    select id, external_id as "supplierId", name from bellwether.supplier
    where id = any(${sql.param([...ids])}::int[])`);
  return new Map(rows.map(({ id, ...supplier }) => [id, supplier]));
}
