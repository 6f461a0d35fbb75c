import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { criticalityFromNumber } from "../../domain/scores/expected-impact.ts";
import type { Identifier, Supplier } from "../../domain/suppliers/supplier.ts";
import type { Db } from "../database.ts";
import type { LabelTexts } from "../scores/label-texts.ts";
import { masterFieldsFromBits } from "./master-fields.ts";

interface SupplierColumns extends Record<string, unknown> {
  readonly number: number;
  readonly supplierId: string;
  readonly name: string;
  readonly regionId: number | null;
  readonly categoryId: number | null;
  readonly exposure: number | null;
  readonly exposureCurrency: string;
  readonly criticality: number;
  readonly owner: string;
  readonly masterFields: number;
  readonly activeAlerts: number;
  readonly identifiers: readonly Identifier[];
  readonly mergedInto: string | null;
  readonly mergedIds: readonly string[];
}

export interface SupplierDetails {
  /** The model whose alerts are counted. Empty: no alerts are counted. */
  readonly modelName: string;
  /** Whether to read the identifiers, which lists of scores do not show. */
  readonly withIdentifiers: boolean;
  /** Whether to read the merges, and to count the alerts of merged suppliers for their survivors too. */
  readonly withMerges: boolean;
  readonly labelTexts: LabelTexts;
}

/** Reads suppliers without scores, by number. */
export async function readSuppliers(
  db: Db,
  numbers: readonly number[],
  { modelName, withIdentifiers, withMerges, labelTexts }: SupplierDetails,
): Promise<ReadonlyMap<number, Supplier>> {
  if (numbers.length === 0) return new Map();
  const identifiers = sql`(
    select coalesce(json_agg(json_build_object('kind', i.kind, 'value', i.value, 'isShared', i.is_shared) order by i.kind), '[]')
    from bellwether.supplier_identifier i where i.supplier_id = u.id)`;
  const merges = sql`bellwether.supplier_merge m join bellwether.supplier s`;
  const mergedInto = sql`(
    select s.external_id from ${merges} on s.id = m.survivor_id where m.merged_id = u.id and m.undone_at is null)`;
  const mergedIds = sql`array(
    select s.external_id from ${merges} on s.id = m.merged_id
    where m.survivor_id = u.id and m.undone_at is null order by m.change)`;
  const merged = sql`array(
    select m.merged_id from bellwether.supplier_merge m where m.survivor_id = u.id and m.undone_at is null)`;
  const isAlerted = withMerges ? sql`a.supplier_id = any(array_append(${merged}, u.id))` : sql`a.supplier_id = u.id`;
  const alerts = sql`(
    select count(*)::int from bellwether.alert a
    where ${isAlerted} and a.model_name = ${modelName} and a.state <> 'resolved')`;
  const { rows } = await db.execute<SupplierColumns>(sql`
    select u.id as number, u.external_id as "supplierId", u.name, u.exposure, u.exposure_currency as "exposureCurrency",
      u.criticality, u.owner, u.master_fields as "masterFields",
      u.region_id as "regionId", u.category_id as "categoryId",
      ${modelName === "" ? sql`0` : alerts} as "activeAlerts",
      ${withIdentifiers ? identifiers : sql`'[]'::json`} as identifiers,
      ${withMerges ? mergedInto : sql`null::text`} as "mergedInto",
      ${withMerges ? mergedIds : sql`'{}'::text[]`} as "mergedIds"
    from bellwether.supplier u where u.id = any(${sql.param([...numbers])}::int[])`);
  const labels = await labelTexts(
    rows.flatMap(({ regionId, categoryId }) => [regionId ?? [], categoryId ?? []].flat()),
  );
  return new Map(rows.map((row) => [row.number, supplierOf(row, labels)]));
}

function supplierOf(
  { regionId, categoryId, criticality, masterFields, mergedInto, ...row }: SupplierColumns,
  labels: ReadonlyMap<number, string>,
): Supplier {
  return {
    ...row,
    region: labels.get(regionId ?? 0) ?? "",
    category: labels.get(categoryId ?? 0) ?? "",
    criticality: criticalityFromNumber(criticality),
    masterFields: masterFieldsFromBits(masterFields),
    latestScore: null,
    mergedInto: mergedInto ?? "",
  };
}
