import { MOST_LISTS, MOST_WATCHED } from "@bellwether/config/people-limits";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { maySee, type Watcher, type Watchlist } from "../../domain/watchlists/watchlist.ts";
import { WatchlistNotFoundError } from "../../domain/watchlists/watchlist-error.ts";
import type { Db } from "../database.ts";
import { membersOf } from "../merges/members-of.ts";
import { andInScope, numberInScope } from "../supplier-scopes.ts";

/** Maximum number of shared lists of others that are listed. */
const MAX_SHARED = 200;

type Row = Omit<Watchlist, "createdAt" | "changedAt"> & {
  readonly createdMs: number;
  readonly changedMs: number;
} & Record<string, unknown>;

/**
 * The supplier as which a supplier `m` of a list is shown: that into which it is merged. Callers with a scope see each supplier apart.
 * The rows of the list stay as they are, so that the undo of a merge restores it.
 */
const SHOWN = {
  number: (scope: SupplierScope | undefined): SQL =>
    scope === undefined ? sql`coalesce(g.survivor_id, m.supplier_id)` : sql`m.supplier_id`,
  from: (scope: SupplierScope | undefined): SQL =>
    scope === undefined
      ? sql`bellwether.watched_supplier m left join bellwether.supplier_merge g on g.merged_id = m.supplier_id and g.undone_at is null`
      : sql`bellwether.watched_supplier m`,
};

/** Only the suppliers of the scope are counted. */
const columnsFor = (
  scope: SupplierScope | undefined,
): SQL => sql`w.id, w.owner, w.owner_name as "ownerName", w.name, w.note, w.is_shared as "isShared", w.version::float8 as version,
  (select count(distinct ${SHOWN.number(scope)})::int from ${SHOWN.from(scope)}
    where ${sql.join([sql`m.watchlist_id = w.id`, ...numberInScope(scope, sql`m.supplier_id`)], sql` and `)}) as suppliers,
  (extract(epoch from w.created_at) * 1000)::float8 as "createdMs", (extract(epoch from w.changed_at) * 1000)::float8 as "changedMs",
  w.changed_by as "changedBy"`;

const listOf = ({ createdMs, changedMs, ...row }: Row): Watchlist => ({
  ...row,
  ...{ createdAt: new Date(createdMs), changedAt: new Date(changedMs) },
});

/** Who reads a list, with the suppliers that the caller sees. */
export type WatchlistReader = Pick<Watcher, "subject" | "scope">;

/** Reads a list. @throws WatchlistNotFoundError when the caller does not see it */
export async function readWatchlist(db: Db, id: string, watcher: WatchlistReader): Promise<Watchlist> {
  const columns = columnsFor(watcher.scope);
  const { rows } = await db.execute<Row>(sql`select ${columns} from bellwether.watchlist w where w.id = ${id}::uuid`);
  const [row] = rows;
  if (!row || !maySee(row, watcher)) throw new WatchlistNotFoundError(id);
  return listOf(row);
}

/** A list, and whether it has the supplier that was asked for. */
export type ListedWatchlist = Watchlist & { readonly hasSupplier: boolean };

/**
 * Lists the lists of a caller, and then the shared ones of others, each in the order of their names.
 * @param supplierId external id. Empty: no list has it
 */
export async function listWatchlists(
  db: Db,
  { subject, scope }: WatchlistReader,
  supplierId: string,
): Promise<{ readonly lists: readonly ListedWatchlist[]; readonly isMore: boolean }> {
  const asked = sql`(select u.id from bellwether.supplier u where u.external_id = ${supplierId}${andInScope(scope, sql`u`)})`;
  const hasSupplier = sql`exists (select from bellwether.watched_supplier m
    where m.watchlist_id = w.id and m.supplier_id = any(array(${scope === undefined ? membersOf(asked) : asked}))) as "hasSupplier"`;
  const read = async (condition: SQL, limit: number): Promise<readonly ListedWatchlist[]> => {
    const { rows } = await db.execute<Row & { readonly hasSupplier: boolean }>(sql`
      select ${columnsFor(scope)}, ${hasSupplier} from bellwether.watchlist w where ${condition} order by w.name_key, w.id limit ${limit}::int`);
    return rows.map((row) => ({ ...listOf(row), hasSupplier: row.hasSupplier }));
  };
  const own = await read(sql`w.owner = ${subject}`, MOST_LISTS);
  const shared = await read(sql`w.is_shared and w.owner <> ${subject}`, MAX_SHARED + 1);
  return { lists: [...own, ...shared.slice(0, MAX_SHARED)], isMore: shared.length > MAX_SHARED };
}

/** Returns the external ids of the suppliers of a list and of a scope, in their order. */
export async function watchedIds(db: Db, id: string, scope: SupplierScope | undefined): Promise<readonly string[]> {
  const { rows } = await db.execute<{ id: string }>(sql`
    select u.external_id as id from bellwether.supplier u
    where u.id = any(array(select ${SHOWN.number(scope)} from ${SHOWN.from(scope)} where m.watchlist_id = ${id}::uuid))${andInScope(scope, sql`u`)}
    order by u.external_id collate "C" limit ${MOST_WATCHED}::int`);
  return rows.map((row) => row.id);
}

/** Returns the numbers of the suppliers of a list, for the conditions of other lists. @throws WatchlistNotFoundError */
export async function watchedNumbers(
  db: Db,
  id: string,
  watcher: Pick<Watcher, "subject">,
): Promise<readonly number[]> {
  const { rows } = await db.execute<{ owner: string; isShared: boolean; numbers: number[] | null }>(sql`
    select w.owner, w.is_shared as "isShared",
      (select array_agg(m.supplier_id order by m.supplier_id) from bellwether.watched_supplier m where m.watchlist_id = w.id) as numbers
    from bellwether.watchlist w where w.id = ${id}::uuid`);
  const [row] = rows;
  if (!row || !maySee(row, watcher)) throw new WatchlistNotFoundError(id);
  return row.numbers ?? [];
}
