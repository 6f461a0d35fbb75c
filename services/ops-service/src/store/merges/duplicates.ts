import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { dataDigest, type SupplierIdentity } from "../../domain/merges/identity.ts";
import type { Dismissal } from "../../domain/merges/merge-suppliers.ts";
import {
  type DuplicateGroup,
  type DuplicatePosition,
  type DuplicateStore,
  MAX_GROUP,
  pairKey,
} from "../../domain/merges/propose-duplicates.ts";
import { matchKey } from "../../domain/suppliers/match-key.ts";
import { identifierKey } from "../../domain/suppliers/search-key.ts";
import type { Db } from "../database.ts";
import { readIdentities } from "./identities.ts";

/** Creates the reads from which possible duplicates are proposed. */
export function createDuplicateStore(db: Db): DuplicateStore {
  return {
    groups: (from, limit) => (from.isByName ? groupsByName(db, from, limit) : groupsByIdentifier(db, from, limit)),
    similarTo: (supplier, limit) => similarTo(db, supplier, limit),
    identities: (numbers) => readIdentities(db, numbers),
    dismissals: (suppliers) => readDismissals(db, suppliers),
  };
}

interface GroupRow extends Record<string, unknown> {
  readonly kind: string;
  readonly key: string;
  readonly members: readonly number[];
  readonly suppliers: number;
}

/** Identifiers that are not shared belong to one supplier, so that only the shared ones are read. */
async function groupsByIdentifier(
  db: Db,
  { kind, key }: DuplicatePosition,
  limit: number,
): Promise<readonly DuplicateGroup[]> {
  const owners = sql`bellwether.supplier_identifier o where o.kind = g.kind and o.key = g.key`;
  return await readGroups(
    db,
    sql`select g.kind, g.key, array(select o.supplier_id from ${owners} order by o.supplier_id limit ${MAX_GROUP}::int) as members,
      (select count(*)::int from ${owners}) as suppliers
    from (
      select distinct i.kind, i.key from bellwether.supplier_identifier i
      where i.is_shared and (i.kind, i.key) >= (${kind}, ${key}) order by i.kind, i.key limit ${limit}::int
    ) g order by g.kind, g.key`,
  );
}

/** Reads the index of the keys in its order, until there are enough keys that several suppliers have. */
async function groupsByName(db: Db, { key }: DuplicatePosition, limit: number): Promise<readonly DuplicateGroup[]> {
  return await readGroups(
    db,
    sql`select '' as kind, g.key, g.suppliers, array(
        select k.supplier_id from bellwether.supplier_match k where k.match_key = g.key and k.match_key <> ''
        order by k.supplier_id limit ${MAX_GROUP}::int) as members
    from (
      select k.match_key as key, count(*)::int as suppliers from bellwether.supplier_match k
      where k.match_key <> '' and k.match_key >= ${key} group by k.match_key having count(*) > 1
      order by k.match_key limit ${limit}::int
    ) g order by g.key`,
  );
}

async function readGroups(db: Db, query: SQL): Promise<readonly DuplicateGroup[]> {
  const { rows } = await db.execute<GroupRow>(query);
  return rows.map(({ kind, key, members, suppliers }) => ({
    ...{ kind, key, members },
    further: suppliers - members.length,
  }));
}

async function similarTo(db: Db, supplier: SupplierIdentity, limit: number): Promise<readonly number[]> {
  const kinds = supplier.identifiers.map(({ kind }) => kind);
  const keys = supplier.identifiers.map(({ value }) => identifierKey(value));
  const { rows } = await db.execute<{ number: number }>(sql`
    select number from (
      (select distinct i.supplier_id as number, 0 as rank
       from unnest(${sql.param(kinds)}::text[], ${sql.param(keys)}::text[]) g(kind, key)
       join bellwether.supplier_identifier i on i.kind = g.kind and i.key = g.key
       where i.supplier_id <> ${supplier.number}::int limit ${limit}::int)
      union all
      (select k.supplier_id, 1 from bellwether.supplier_match k
       where k.match_key = ${matchKey(supplier.name)} and k.match_key <> '' and k.supplier_id <> ${supplier.number}::int
       order by k.supplier_id limit ${limit}::int)
    ) f group by number order by min(rank), number limit ${limit}::int`);
  return rows.map(({ number }) => number);
}

/** Returns the dismissals of pairs whose data have not changed, by `pairKey`. */
export async function readDismissals(
  db: Db,
  suppliers: ReadonlyMap<number, SupplierIdentity>,
): Promise<ReadonlyMap<string, Dismissal>> {
  const numbers = sql.param([...suppliers.keys()]);
  const { rows } = await db.execute<{
    first: number;
    second: number;
    firstDigest: string;
    secondDigest: string;
    reason: string;
    dismissedBy: string;
    dismissedMs: number;
  }>(sql`
    select first_id as first, second_id as second, first_digest as "firstDigest", second_digest as "secondDigest", reason,
      dismissed_by as "dismissedBy", (extract(epoch from dismissed_at) * 1000)::float8 as "dismissedMs"
    from bellwether.supplier_dismissal
    where first_id = any(${numbers}::int[]) and second_id = any(${numbers}::int[])`);
  const digestOf = (number: number): string | undefined => {
    const supplier = suppliers.get(number);
    return supplier && dataDigest(supplier);
  };
  return new Map(
    rows
      .filter((row) => digestOf(row.first) === row.firstDigest && digestOf(row.second) === row.secondDigest)
      .map(({ first, second, reason, dismissedBy, dismissedMs }) => [
        pairKey(first, second),
        { reason, dismissedBy, dismissedAt: new Date(dismissedMs) },
      ]),
  );
}
