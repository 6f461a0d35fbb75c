import type { PoolClient } from "pg";
import type { LabelColumn, ScoredChunk } from "../../domain/scores/scored-chunk.ts";
import { labelIds } from "../scores/labels.ts";
import { MASTER_FIELDS } from "./master-fields.ts";
import { requestSearchKeys } from "./search-keys.ts";

/** The supplier data that a score row needs. */
export interface RecordedSupplier {
  readonly id: number;
  readonly regionId: number | null;
  readonly categoryId: number | null;
  readonly exposure: number | null;
  /** ISO 4217. Empty: the currency of the risk policy. */
  readonly exposureCurrency: string;
  /** Number of `criticalityFromNumber`. */
  readonly criticality: number;
}

/** A supplier as the weekly file describes it. Undefined: the chunk does not have the column. */
interface WeeklySupplier {
  readonly externalId: string;
  readonly name: string | undefined;
  readonly regionId: number | null | undefined;
  readonly categoryId: number | null | undefined;
  readonly exposure: number | null | undefined;
}

interface StoredSupplier extends RecordedSupplier {
  readonly externalId: string;
  readonly name: string;
  readonly masterFields: number;
}

const COLUMNS = `id, external_id as "externalId", name, region_id as "regionId", category_id as "categoryId", exposure,
  exposure_currency as "exposureCurrency", criticality, master_fields as "masterFields"`;

/**
 * Inserts or updates the suppliers of a chunk. Columns that the chunk does not have, and fields that master
 * data has set, stay unchanged. Returns one entry per row. A second row of the same supplier changes nothing.
 *
 * Only suppliers that do not exist are inserted, because each attempt to insert takes an id. New suppliers are
 * written in the order of their external ids, then changed ones in the order of their ids, so that two runs
 * cannot deadlock.
 */
export async function recordSuppliers(tx: PoolClient, chunk: ScoredChunk): Promise<readonly RecordedSupplier[]> {
  const weekly = await weeklySuppliers(tx, chunk);
  const ids = weekly.map(({ externalId }) => externalId);
  const stored = new Map((await readSuppliers(tx, ids)).map((supplier) => [supplier.externalId, supplier]));
  const created = weekly.filter(({ externalId }) => !stored.has(externalId));
  const inserted = await insertSuppliers(tx, created);
  for (const supplier of inserted) stored.set(supplier.externalId, supplier);
  // Another run has inserted these suppliers at the same time.
  const missed = created.map(({ externalId }) => externalId).filter((id) => !stored.has(id));
  if (missed.length > 0)
    for (const supplier of await readSuppliers(tx, missed)) stored.set(supplier.externalId, supplier);
  const changed = weekly.flatMap((given) => {
    const known = stored.get(given.externalId);
    const merged = known && mergeWeekly(known, given);
    return merged === undefined || merged === known ? [] : [merged];
  });
  await updateSuppliers(tx, changed);
  const renamed = changed.filter(({ externalId, name }) => stored.get(externalId)?.name !== name);
  for (const supplier of changed) stored.set(supplier.externalId, supplier);
  await requestSearchKeys(
    tx,
    [...inserted, ...renamed].map(({ id }) => id),
  );
  return chunk.supplierIds.map((id) => {
    const supplier = stored.get(id);
    if (!supplier) throw new Error(`supplier ${id} was not recorded`);
    return supplier;
  });
}

/** Returns the first row of each supplier, ordered by external id. */
async function weeklySuppliers(tx: PoolClient, chunk: ScoredChunk): Promise<readonly WeeklySupplier[]> {
  const regionOf = await labelColumn(tx, "region", chunk.regions);
  const categoryOf = await labelColumn(tx, "category", chunk.categories);
  const firstRow = new Map<string, number>();
  for (const [row, id] of chunk.supplierIds.entries()) if (!firstRow.has(id)) firstRow.set(id, row);
  return [...firstRow.keys()].sort().map((externalId) => {
    const row = firstRow.get(externalId) ?? 0;
    const exposure = chunk.exposures?.[row] ?? Number.NaN;
    return {
      externalId,
      name: chunk.names?.[row],
      regionId: regionOf?.(row),
      categoryId: categoryOf?.(row),
      exposure: chunk.exposures && (Number.isNaN(exposure) ? null : exposure),
    };
  });
}

/** Returns the supplier with the fields of the weekly file; `known` itself when nothing changes. */
function mergeWeekly(known: StoredSupplier, weekly: WeeklySupplier): StoredSupplier {
  const { masterFields } = known;
  const merge = <T>(field: keyof typeof MASTER_FIELDS, given: T | undefined, stored: T): T =>
    given === undefined || (masterFields & MASTER_FIELDS[field]) !== 0 ? stored : given;
  const name = merge("name", weekly.name, known.name);
  const regionId = merge("region", weekly.regionId, known.regionId);
  const categoryId = merge("category", weekly.categoryId, known.categoryId);
  const exposure = merge("exposure", weekly.exposure, known.exposure);
  // Exposures of the weekly file have the currency of the risk policy.
  const currency = weekly.exposure === undefined ? undefined : "";
  const exposureCurrency = merge("exposure", currency, known.exposureCurrency);
  const isSame =
    name === known.name &&
    regionId === known.regionId &&
    categoryId === known.categoryId &&
    exposure === known.exposure &&
    exposureCurrency === known.exposureCurrency;
  return isSame ? known : { ...known, name, regionId, categoryId, exposure, exposureCurrency };
}

/** Size of the numbers of a supplier: int4 id, int4 region, int4 category, float8 exposure, two int2. */
const NUMBERS_BYTES = 24;

/**
 * Reads suppliers. Each column is one value of the answer, because decoding each field of thousands of rows takes
 * longer than the query. All aggregates see the rows in the same order.
 */
async function readSuppliers(tx: PoolClient, externalIds: readonly string[]): Promise<StoredSupplier[]> {
  const { rows } = await tx.query<{
    externalIds: readonly string[] | null;
    names: readonly string[] | null;
    currencies: readonly string[] | null;
    numbers: Buffer | null;
  }>(
    `select json_agg(external_id) as "externalIds", json_agg(name) as names, json_agg(exposure_currency) as currencies,
       string_agg(int4send(id) || int4send(coalesce(region_id, 0)) || int4send(coalesce(category_id, 0))
         || float8send(coalesce(exposure, 'NaN')) || int2send(criticality) || int2send(master_fields), ''::bytea) as numbers
     from bellwether.supplier where external_id = any(array(select json_array_elements_text($1::json)))`,
    [JSON.stringify(externalIds)],
  );
  const [found] = rows;
  const numbers = found?.numbers ?? Buffer.alloc(0);
  return (found?.externalIds ?? []).map((externalId, i) => {
    const at = i * NUMBERS_BYTES;
    const exposure = numbers.readDoubleBE(at + 12);
    return {
      externalId,
      name: found?.names?.[i] ?? "",
      exposureCurrency: found?.currencies?.[i] ?? "",
      id: numbers.readInt32BE(at),
      regionId: numbers.readInt32BE(at + 4) || null,
      categoryId: numbers.readInt32BE(at + 8) || null,
      exposure: Number.isNaN(exposure) ? null : exposure,
      criticality: numbers.readInt16BE(at + 20),
      masterFields: numbers.readInt16BE(at + 22),
    };
  });
}

async function insertSuppliers(tx: PoolClient, suppliers: readonly WeeklySupplier[]): Promise<StoredSupplier[]> {
  if (suppliers.length === 0) return [];
  const { rows } = await tx.query<StoredSupplier>(
    `insert into bellwether.supplier (external_id, name, region_id, category_id, exposure)
     select * from unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::float8[])
     on conflict (external_id) do nothing returning ${COLUMNS}`,
    [
      suppliers.map(({ externalId }) => externalId),
      suppliers.map(({ name = "" }) => name),
      suppliers.map(({ regionId = null }) => regionId),
      suppliers.map(({ categoryId = null }) => categoryId),
      suppliers.map(({ exposure = null }) => exposure),
    ],
  );
  return rows;
}

async function updateSuppliers(tx: PoolClient, suppliers: readonly StoredSupplier[]): Promise<void> {
  if (suppliers.length === 0) return;
  const ids = suppliers.map(({ id }) => id);
  await tx.query("select from bellwether.supplier where id = any($1::int[]) order by id for update", [ids]);
  await tx.query(
    `update bellwether.supplier k
     set name = t.name, region_id = t.region_id, category_id = t.category_id, exposure = t.exposure,
       exposure_currency = t.currency
     from unnest($1::int[], $2::text[], $3::int[], $4::int[], $5::float8[], $6::text[])
       as t(id, name, region_id, category_id, exposure, currency)
     where k.id = t.id`,
    [
      ids,
      suppliers.map(({ name }) => name),
      suppliers.map(({ regionId }) => regionId),
      suppliers.map(({ categoryId }) => categoryId),
      suppliers.map(({ exposure }) => exposure),
      suppliers.map(({ exposureCurrency }) => exposureCurrency),
    ],
  );
}

/** Returns a function from a row to the id of its label; null: not known. Undefined: there is no column. */
async function labelColumn(
  tx: PoolClient,
  kind: "region" | "category",
  column: LabelColumn | undefined,
): Promise<((row: number) => number | null) | undefined> {
  if (!column) return undefined;
  const ids = await labelIds(tx, kind, column.dictionary);
  return (row) => ids.get(column.dictionary[column.codes[row] ?? -1] ?? "") ?? null;
}
