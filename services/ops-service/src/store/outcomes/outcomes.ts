import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { Outcome, OutcomeSource } from "../../domain/outcomes/outcome.ts";
import type { Db } from "../database.ts";
import { inScope } from "../supplier-scopes.ts";

/** A row of the table, with its days as texts: the driver would read them in the time zone of the process. */
export interface OutcomeRow extends Record<string, unknown> {
  readonly id: string;
  readonly number: string;
  readonly supplierId: string;
  readonly modelName: string;
  readonly occurred: boolean;
  readonly isoWeek: string;
  readonly happenedOn: string | null;
  readonly knownOn: string;
  readonly source: OutcomeSource;
  readonly predictionId: string | null;
  readonly note: string;
  readonly recordedBy: string;
  readonly recordedMs: number;
  readonly replaces: string | null;
  readonly replacedBy: string | null;
  readonly withdrawn: boolean;
}

/** The columns of an outcome `o` of a supplier `u` as an OutcomeRow. */
export const OUTCOME_COLUMNS = sql`
  o.id, o.number, u.external_id as "supplierId", o.model_name as "modelName", o.occurred, o.iso_week as "isoWeek",
  o.happened_on::text as "happenedOn", o.known_on::text as "knownOn", o.source, o.prediction_id as "predictionId", o.note,
  o.recorded_by as "recordedBy", (extract(epoch from o.recorded_at) * 1000)::float8 as "recordedMs", o.replaces,
  o.replaced_by as "replacedBy", o.withdrawn`;

export function outcomeFromRow({ number, recordedMs, ...row }: OutcomeRow): Outcome {
  return { ...row, number: Number(number), recordedAt: new Date(recordedMs) };
}

/** Conditions of a list; an empty text is no condition. */
export interface OutcomeQuery {
  /** The suppliers that the caller sees. Undefined: all. */
  readonly scope: SupplierScope | undefined;
  readonly modelName: string;
  readonly supplierId: string;
  readonly source: OutcomeSource | undefined;
  /** Whether replaced and withdrawn outcomes are listed too. */
  readonly includeReplaced: boolean;
  /** Position of the last outcome of the previous page. Undefined: the first page. */
  readonly before: number | undefined;
}

/** Lists outcomes, newest first. */
export async function listOutcomes(db: Db, query: OutcomeQuery, limit: number): Promise<Outcome[]> {
  const { modelName, supplierId, source, includeReplaced, before, scope } = query;
  const visible = inScope(scope, sql`u`);
  const conditions: SQL[] = [
    ...(visible ? [visible] : []),
    ...(modelName === "" ? [] : [sql`o.model_name = ${modelName}`]),
    ...(supplierId === "" ? [] : [sql`u.external_id = ${supplierId}`]),
    ...(source === undefined ? [] : [sql`o.source = ${source}`]),
    ...(includeReplaced ? [] : [sql`o.replaced_by is null and not o.withdrawn`]),
    ...(before === undefined ? [] : [sql`o.number < ${before}::bigint`]),
  ];
  const where = conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
  const { rows } = await db.execute<OutcomeRow>(sql`
    select ${OUTCOME_COLUMNS} from bellwether.outcome o join bellwether.supplier u on u.id = o.supplier_id
    where ${where} order by o.number desc limit ${limit}::int`);
  return rows.map(outcomeFromRow);
}
