import type { WatchlistLimits } from "@bellwether/config/people-limits";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { and, eq, ne, sql } from "@bellwether/postgres/drizzle/drizzle";
import { SupplierNotFoundError } from "../../domain/ops-error.ts";
import {
  mayChange,
  maySee,
  nameKeyOf,
  type Watcher,
  type Watchlist,
  type WatchlistTexts,
  watchlistEvent,
} from "../../domain/watchlists/watchlist.ts";
import {
  WatchlistChangedError,
  WatchlistLimitError,
  WatchlistNameTakenError,
  WatchlistNotFoundError,
  WatchlistNotOwnedError,
} from "../../domain/watchlists/watchlist-error.ts";
import { appendEvents } from "../audit/audit-events.ts";
import type { Db, Transaction } from "../database.ts";
import { membersOf } from "../merges/members-of.ts";
import { andInScope } from "../supplier-scopes.ts";
import { watchlist } from "../watchlist-schema.ts";
import { readWatchlist } from "./read-watchlists.ts";

/** Who changes a list, when, the ids of what is created, and the limits of lists. */
export interface WatchlistChange {
  readonly watcher: Watcher;
  readonly at: Date;
  readonly newId: () => string;
  readonly limits: WatchlistLimits;
}

/** Class of the advisory lock of an owner's lists: their number and names are checked before one is created or renamed. */
const OWNER_LOCK = 0x77617463;

/** Creates a list, or returns the same one that was created before. @throws WatchlistNameTakenError, WatchlistLimitError */
export async function createWatchlist(
  { db }: Transaction,
  texts: WatchlistTexts,
  change: WatchlistChange,
): Promise<Watchlist> {
  const { watcher, at, newId, limits } = change;
  const { subject: owner, name: actor } = watcher;
  await lockOwner(db, owner);
  const nameKey = nameKeyOf(texts.name);
  const own = await db
    .select({
      id: watchlist.id,
      name: watchlist.name,
      nameKey: watchlist.nameKey,
      note: watchlist.note,
      isShared: watchlist.isShared,
    })
    .from(watchlist)
    .where(eq(watchlist.owner, owner));
  const same = own.find((one) => one.nameKey === nameKey);
  if (same) {
    if (same.name !== texts.name || same.note !== texts.note || same.isShared !== texts.isShared)
      throw new WatchlistNameTakenError(same.name);
    return await readWatchlist(db, same.id, watcher);
  }
  if (own.length >= limits.maxLists) throw new WatchlistLimitError(limits.maxLists, "lists");
  const created = { id: newId(), ...texts, version: 1 };
  const times = { createdAt: at, changedAt: at, changedBy: actor };
  await db
    .insert(watchlist)
    .values({ ...created, owner, ownerName: actor, ownerScope: watcher.scope ?? "all", nameKey, ...times });
  await record(db, watchlistEvent("created", created, actor), change);
  return await readWatchlist(db, created.id, watcher);
}

/**
 * Replaces name, note and visibility of a list. A request that is sent again gets the changed list.
 * @throws WatchlistNotFoundError, WatchlistNotOwnedError, WatchlistChangedError, WatchlistNameTakenError
 */
export async function updateWatchlist(
  { db }: Transaction,
  { id, version, ...texts }: WatchlistTexts & Pick<Watchlist, "id" | "version">,
  change: WatchlistChange,
): Promise<Watchlist> {
  const { watcher } = change;
  const found = await lockWatchlist(db, id, watcher);
  const isSame = found.name === texts.name && found.note === texts.note && found.isShared === texts.isShared;
  if (isSame && (found.version === version || found.version === version + 1))
    return await readWatchlist(db, id, watcher);
  if (found.version !== version) throw new WatchlistChangedError(found.name, found);
  await lockOwner(db, found.owner);
  const nameKey = nameKeyOf(texts.name);
  const [other] = await db
    .select({ name: watchlist.name })
    .from(watchlist)
    .where(and(eq(watchlist.owner, found.owner), eq(watchlist.nameKey, nameKey), ne(watchlist.id, id)));
  if (other) throw new WatchlistNameTakenError(other.name);
  await db
    .update(watchlist)
    .set({ ...texts, nameKey, ...nextVersion(found, change) })
    .where(eq(watchlist.id, id));
  await record(db, watchlistEvent("changed", { id, ...texts, version: version + 1 }, watcher.name), change);
  return await readWatchlist(db, id, watcher);
}

/** Deletes a list. @throws WatchlistNotFoundError, WatchlistNotOwnedError, WatchlistChangedError */
export async function deleteWatchlist(
  { db }: Transaction,
  { id, version }: Pick<Watchlist, "id" | "version">,
  change: WatchlistChange,
): Promise<void> {
  const found = await lockWatchlist(db, id, change.watcher);
  if (found.version !== version) throw new WatchlistChangedError(found.name, found);
  await db.delete(watchlist).where(eq(watchlist.id, id));
  await record(db, watchlistEvent("deleted", found, change.watcher.name), change);
}

/** A list after suppliers were added or removed. */
export interface ChangedMembers {
  readonly list: Watchlist;
  /** Number of suppliers that were added or removed. */
  readonly changed: number;
}

/** Adds suppliers to a list. @throws WatchlistNotFoundError, WatchlistNotOwnedError, SupplierNotFoundError, WatchlistLimitError */
export async function addWatched(
  { db }: Transaction,
  id: string,
  supplierIds: readonly string[],
  change: WatchlistChange,
): Promise<ChangedMembers> {
  const found = await lockWatchlist(db, id, change.watcher);
  const { scope } = change.watcher;
  const numbers = await numbersOf(db, supplierIds, scope);
  const unknown = supplierIds.find((supplierId) => !numbers.has(supplierId));
  if (unknown !== undefined) throw new SupplierNotFoundError(unknown);
  const { rows } = await db.execute<{ supplier: number }>(sql`
    insert into bellwether.watched_supplier (watchlist_id, supplier_id)
    select ${id}::uuid, s from unnest(${sql.param([...numbers.values()])}::int[]) s on conflict do nothing
    returning supplier_id as supplier`);
  const added = new Set(rows.map(({ supplier }) => supplier));
  const ids = supplierIds.filter((supplierId) => added.has(numbers.get(supplierId) ?? 0));
  const list = await recordMembers(db, "suppliers_added", found, ids, change);
  // The list can have suppliers that the caller does not see.
  const whole = scope ? await readWatchlist(db, id, { ...change.watcher, scope: undefined }) : list;
  const { maxSuppliers } = change.limits;
  if (ids.length > 0 && whole.suppliers > maxSuppliers) throw new WatchlistLimitError(maxSuppliers, "suppliers");
  return { list, changed: ids.length };
}

/** Removes suppliers from a list, with the other suppliers of their merges. Suppliers that it does not have are ignored. @throws WatchlistNotFoundError, WatchlistNotOwnedError */
export async function removeWatched(
  { db }: Transaction,
  id: string,
  supplierIds: readonly string[],
  change: WatchlistChange,
): Promise<ChangedMembers> {
  const found = await lockWatchlist(db, id, change.watcher);
  const { scope } = change.watcher;
  const asked = sql`(select u.id from bellwether.supplier u where u.external_id = any(${sql.param([...supplierIds])}::text[])${andInScope(scope, sql`u`)})`;
  const { rows } = await db.execute<{ id: string; shown: number }>(sql`
    delete from bellwether.watched_supplier m using bellwether.supplier u
    where m.watchlist_id = ${id}::uuid and u.id = m.supplier_id
      and m.supplier_id = any(array(${scope === undefined ? membersOf(asked) : asked}))
    returning u.external_id as id, coalesce((select g.survivor_id from bellwether.supplier_merge g
      where g.merged_id = u.id and g.undone_at is null and ${scope === undefined}), u.id) as shown`);
  const ids = rows.map((row) => row.id).sort();
  const changed = new Set(rows.map(({ shown }) => shown)).size;
  return { list: await recordMembers(db, "suppliers_removed", found, ids, change), changed };
}

type LockedWatchlist = Pick<
  Watchlist,
  "id" | "owner" | "ownerName" | "name" | "note" | "isShared" | "version" | "changedBy"
>;

/** Locks a list until the transaction ends. @throws WatchlistNotFoundError, WatchlistNotOwnedError */
async function lockWatchlist(db: Db, id: string, watcher: Watcher): Promise<LockedWatchlist> {
  const [found] = await db.select().from(watchlist).where(eq(watchlist.id, id)).for("update");
  if (!found || !maySee(found, watcher)) throw new WatchlistNotFoundError(id);
  if (!mayChange(found, watcher)) throw new WatchlistNotOwnedError(found.name, found.ownerName);
  return found;
}

async function lockOwner(db: Db, owner: string): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${OWNER_LOCK}::int, hashtext(${owner}))`);
}

/** Returns the number of each supplier that is known, and in the scope. */
async function numbersOf(
  db: Db,
  supplierIds: readonly string[],
  scope: SupplierScope | undefined,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.execute<{ id: string; number: number }>(sql`
    select external_id as id, id as number from bellwether.supplier where external_id = any(${sql.param([...supplierIds])}::text[])${andInScope(scope, sql`supplier`)}`);
  return new Map(rows.map(({ id, number }) => [id, number]));
}

const nextVersion = ({ version, owner }: Pick<Watchlist, "version" | "owner">, { watcher, at }: WatchlistChange) => ({
  ...{ version: version + 1, changedAt: at, changedBy: watcher.name },
  // The notices about the suppliers of the list are limited to what its owner sees.
  ...(owner === watcher.subject && { ownerScope: watcher.scope ?? ("all" as const) }),
});

/** Counts and records a change of the suppliers of a list. Without a change, the version stays. */
async function recordMembers(
  db: Db,
  kind: "suppliers_added" | "suppliers_removed",
  found: LockedWatchlist,
  supplierIds: readonly string[],
  change: WatchlistChange,
): Promise<Watchlist> {
  if (supplierIds.length > 0) {
    await db.update(watchlist).set(nextVersion(found, change)).where(eq(watchlist.id, found.id));
    const changed = { ...found, version: found.version + 1 };
    await record(db, watchlistEvent(kind, changed, change.watcher.name, supplierIds), change);
  }
  return await readWatchlist(db, found.id, change.watcher);
}

async function record(db: Db, event: ReturnType<typeof watchlistEvent>, { at, newId }: WatchlistChange): Promise<void> {
  const us = BigInt(at.getTime()) * 1000n;
  await appendEvents(db, [{ ...event, eventId: newId(), occurredUs: us }], us);
}
