import {
  type WatchlistSchema,
  type WatchlistService,
  WatchlistVisibility,
} from "@bellwether/gen/bellwether/ops/v1/watchlist_service_pb";
import { actorOf, type Caller, callerOf } from "@bellwether/mesh/call/caller";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { mayChange, type Watcher, type Watchlist, type WatchlistTexts } from "../../domain/watchlists/watchlist.ts";
import { checkedText, typedText } from "../typed-text.ts";

/** A list with the number of suppliers that were added or removed. */
interface ChangedMembers {
  readonly list: Watchlist;
  readonly changed: number;
}

export interface WatchlistDependencies {
  readonly create: (texts: WatchlistTexts, watcher: Watcher) => Promise<Watchlist>;
  readonly update: (list: WatchlistTexts & Pick<Watchlist, "id" | "version">, watcher: Watcher) => Promise<Watchlist>;
  readonly remove: (list: Pick<Watchlist, "id" | "version">, watcher: Watcher) => Promise<void>;
  readonly addSuppliers: (id: string, supplierIds: readonly string[], watcher: Watcher) => Promise<ChangedMembers>;
  readonly removeSuppliers: (id: string, supplierIds: readonly string[], watcher: Watcher) => Promise<ChangedMembers>;
  readonly list: (
    watcher: Watcher,
    supplierId: string,
  ) => Promise<{
    readonly lists: readonly (Watchlist & { readonly hasSupplier: boolean })[];
    readonly isMore: boolean;
  }>;
  readonly read: (id: string, watcher: Watcher) => Promise<Watchlist>;
  readonly watchedIds: (id: string, scope: Watcher["scope"]) => Promise<readonly string[]>;
}

/** Returns who reads or changes lists. */
export function watcherOf(caller: Caller): Watcher {
  const { subject, scope, roles } = caller;
  // The lists of others have suppliers that an administrator with a scope does not see.
  return { subject, name: actorOf(caller), isAdmin: roles.has("admin") && scope === undefined, scope };
}

/** Returns the handlers of WatchlistService. */
export function watchlistHandlers(deps: WatchlistDependencies): ServiceImpl<typeof WatchlistService> {
  return {
    async createWatchlist(request, context) {
      const watcher = watcherOf(callerOf(context));
      return { watchlist: toProto(await deps.create(textsOf(request), watcher), watcher) };
    },
    async updateWatchlist(request, context) {
      const watcher = watcherOf(callerOf(context));
      const list = { ...textsOf(request), id: request.watchlistId, version: Number(request.version) };
      return { watchlist: toProto(await deps.update(list, watcher), watcher) };
    },
    async deleteWatchlist({ watchlistId, version }, context) {
      await deps.remove({ id: watchlistId, version: Number(version) }, watcherOf(callerOf(context)));
      return {};
    },
    async addWatchedSuppliers({ watchlistId, supplierIds }, context) {
      const watcher = watcherOf(callerOf(context));
      const { list, changed } = await deps.addSuppliers(watchlistId, supplierIds, watcher);
      return { watchlist: toProto(list, watcher), added: changed };
    },
    async removeWatchedSuppliers({ watchlistId, supplierIds }, context) {
      const watcher = watcherOf(callerOf(context));
      const { list, changed } = await deps.removeSuppliers(watchlistId, supplierIds, watcher);
      return { watchlist: toProto(list, watcher), removed: changed };
    },
    async listWatchlists({ supplierId }, context) {
      const watcher = watcherOf(callerOf(context));
      const { lists, isMore } = await deps.list(watcher, supplierId);
      return {
        watchlists: lists.map(({ hasSupplier, ...list }) => ({ ...toProto(list, watcher), hasSupplier })),
        truncated: isMore,
      };
    },
    async getWatchlist({ watchlistId }, context) {
      const watcher = watcherOf(callerOf(context));
      const list = await deps.read(watchlistId, watcher);
      return { watchlist: toProto(list, watcher), supplierIds: [...(await deps.watchedIds(list.id, watcher.scope))] };
    },
  };
}

function textsOf(request: { readonly name: string; readonly note: string; readonly visibility: WatchlistVisibility }) {
  const { name, note, visibility } = request;
  return {
    name: typedText(name, "name"),
    note: checkedText(note, "note"),
    isShared: visibility === WatchlistVisibility.SHARED,
  };
}

function toProto(list: Watchlist, watcher: Watcher): MessageInitShape<typeof WatchlistSchema> {
  const { id, name, note, ownerName, version, suppliers, createdAt, changedAt, changedBy } = list;
  return {
    ...{ watchlistId: id, name, note, owner: ownerName, suppliers, changedBy, version: BigInt(version) },
    visibility: list.isShared ? WatchlistVisibility.SHARED : WatchlistVisibility.PRIVATE,
    mayChange: mayChange(list, watcher),
    ...{ createdAt: timestampFromDate(createdAt), changedAt: timestampFromDate(changedAt) },
  };
}
