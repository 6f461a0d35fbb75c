import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";

/** A named list of suppliers that a person watches. */
export interface Watchlist {
  readonly id: string;
  /** Subject of the person who created the list. */
  readonly owner: string;
  /** The person as records show it. */
  readonly ownerName: string;
  readonly name: string;
  readonly note: string;
  readonly isShared: boolean;
  readonly version: number;
  /** Number of suppliers that the caller sees. */
  readonly suppliers: number;
  readonly createdAt: Date;
  readonly changedAt: Date;
  readonly changedBy: string;
}

/** What a person writes about a list. */
export type WatchlistTexts = Pick<Watchlist, "name" | "note" | "isShared">;

/** Who reads or changes lists. */
export interface Watcher {
  readonly subject: string;
  /** As records show the person. */
  readonly name: string;
  /** Whether the caller administers the lists of all suppliers. */
  readonly isAdmin: boolean;
  /** The suppliers that the caller sees. Undefined: all. */
  readonly scope: SupplierScope | undefined;
}

/** Whether a caller sees a list. Nobody but its owner sees a private list, not even that it exists. */
export const maySee = (list: Pick<Watchlist, "owner" | "isShared">, { subject }: Pick<Watcher, "subject">): boolean =>
  list.isShared || list.owner === subject;

/** Whether a caller may change a list that it sees. */
export const mayChange = (list: Pick<Watchlist, "owner" | "isShared">, { subject, isAdmin }: Watcher): boolean =>
  list.owner === subject || (list.isShared && isAdmin);

/** The form in which names are compared. */
export const nameKeyOf = (name: string): string => name.normalize("NFKC").toLowerCase();

/** Maximum number of suppliers that an event names. */
const MAX_NAMED = 50;

/** Returns the audit event of a change of a list. */
export function watchlistEvent(
  kind: "created" | "changed" | "deleted" | "suppliers_added" | "suppliers_removed",
  list: Pick<Watchlist, "id" | "name" | "isShared" | "version">,
  actor: string,
  supplierIds: readonly string[] = [],
) {
  const { id, name, isShared, version } = list;
  const named = { suppliers: supplierIds.length, supplierIds: supplierIds.slice(0, MAX_NAMED) };
  const payload = { name, isShared, version, ...(supplierIds.length > 0 && named) };
  return { kind: `watchlist.${kind}`, actor, subject: `watchlist/${id}`, payload: JSON.stringify(payload) };
}
