import type { PoolClient } from "pg";
import { matchKey } from "../../domain/suppliers/match-key.ts";
import { storedKey } from "../../domain/suppliers/search-key.ts";
import type { InTransaction } from "../database.ts";

/** A supplier whose search keys are written. */
export interface NamedSupplier {
  readonly id: number;
  readonly externalId: string;
  readonly name: string;
}

type Connection = Pick<PoolClient, "query">;

/** Key of an advisory lock, an arbitrary number: pending keys are written by one transaction at a time. */
const PENDING_LOCK = 724_017;
/** Number of suppliers whose keys one transaction writes. */
const BATCH = 5_000;

/**
 * Writes the keys by which suppliers are searched, ordered by name and compared, in the transaction that names them.
 */
export async function writeSearchKeys(tx: Connection, suppliers: readonly NamedSupplier[]): Promise<void> {
  if (suppliers.length === 0) return;
  await tx.query(
    `insert into bellwether.supplier_search (supplier_id, id_key, name_key)
     select * from unnest($1::int[], $2::text[], $3::text[])
     on conflict (supplier_id) do update set name_key = excluded.name_key`,
    [
      suppliers.map(({ id }) => id),
      suppliers.map(({ externalId }) => storedKey(externalId)),
      suppliers.map(({ name }) => storedKey(name)),
    ],
  );
  await tx.query(
    `insert into bellwether.supplier_match as m (supplier_id, match_key) select * from unnest($1::int[], $2::text[])
     on conflict (supplier_id) do update set match_key = excluded.match_key where m.match_key <> excluded.match_key`,
    [suppliers.map(({ id }) => id), suppliers.map(({ name }) => matchKey(name))],
  );
}

/**
 * Records that the search keys of suppliers have to be written after the transaction `tx`: writing them takes much
 * longer than the rest of a chunk.
 */
export async function requestSearchKeys(tx: Connection, supplierIds: readonly number[]): Promise<void> {
  if (supplierIds.length === 0) return;
  await tx.query("insert into bellwether.supplier_search_pending select unnest($1::int[])", [supplierIds]);
}

/**
 * Writes all search keys that were requested by transactions which are committed by now, also those that another
 * process writes at the same time. Returns the number of suppliers.
 */
export async function writePendingKeys(inTransaction: InTransaction): Promise<number> {
  for (let written = 0; ; ) {
    const count = await inTransaction(({ connection }) => writeBatch(connection));
    if (count === 0) return written;
    written += count;
  }
}

async function writeBatch(tx: Connection): Promise<number> {
  await tx.query("select pg_advisory_xact_lock($1)", [PENDING_LOCK]);
  // The lock on the suppliers keeps others from renaming them until their keys are stored. Everyone locks suppliers
  // in the order of their ids.
  const { rows } = await tx.query<NamedSupplier>(
    `with taken as (
       delete from bellwether.supplier_search_pending
       where ctid = any(array(select ctid from bellwether.supplier_search_pending limit $1)) returning supplier_id
     )
     select s.id, s.external_id as "externalId", s.name from bellwether.supplier s
     where s.id in (select supplier_id from taken) order by s.id for share of s`,
    [BATCH],
  );
  await writeSearchKeys(tx, rows);
  return rows.length;
}

/**
 * Writes the search keys of suppliers that lack some: those of an earlier release, and those that a killed process has
 * not written. An interrupted call continues where it stopped. Returns the number of suppliers.
 */
export async function fillSearchKeys(inTransaction: InTransaction): Promise<number> {
  const written = await writePendingKeys(inTransaction);
  const missing = await inTransaction(async ({ connection }) => {
    await connection.query("select pg_advisory_xact_lock($1)", [PENDING_LOCK]);
    const { rows } = await connection.query<{ isComplete: boolean }>(
      `select s.count = (select count(*) from bellwether.supplier_search)
         and s.count = (select count(*) from bellwether.supplier_match) as "isComplete"
       from (select count(*) from bellwether.supplier) s`,
    );
    if (rows[0]?.isComplete) return 0;
    const { rowCount } = await connection.query(
      `insert into bellwether.supplier_search_pending
       select s.id from bellwether.supplier s
       where not exists (select from bellwether.supplier_search k where k.supplier_id = s.id)
         or not exists (select from bellwether.supplier_match m where m.supplier_id = s.id)`,
    );
    return rowCount ?? 0;
  });
  return missing === 0 ? written : written + (await writePendingKeys(inTransaction));
}
