import type { WatchlistLimits } from "@bellwether/config/people-limits";
import { WatchlistService } from "@bellwether/gen/bellwether/ops/v1/watchlist_service_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import type { Watcher } from "./domain/watchlists/watchlist.ts";
import { watchlistHandlers } from "./rpc/watchlists/watchlists.ts";
import type { Store } from "./store/database.ts";
import {
  addWatched,
  createWatchlist,
  deleteWatchlist,
  removeWatched,
  updateWatchlist,
} from "./store/watchlists/change-watchlists.ts";
import { listWatchlists, readWatchlist, watchedIds } from "./store/watchlists/read-watchlists.ts";

/** Returns WatchlistService. */
export function watchlistRoute(
  { db, inTransaction }: Store,
  { now, newId, limits }: { readonly now: () => Date; readonly newId: () => string; readonly limits: WatchlistLimits },
): Route {
  const by = (watcher: Watcher) => ({ watcher, at: now(), newId, limits });
  return route(
    WatchlistService,
    watchlistHandlers({
      create: (texts, watcher) => inTransaction((tx) => createWatchlist(tx, texts, by(watcher))),
      update: (list, watcher) => inTransaction((tx) => updateWatchlist(tx, list, by(watcher))),
      remove: (list, watcher) => inTransaction((tx) => deleteWatchlist(tx, list, by(watcher))),
      addSuppliers: (id, suppliers, watcher) => inTransaction((tx) => addWatched(tx, id, suppliers, by(watcher))),
      removeSuppliers: (id, suppliers, watcher) => inTransaction((tx) => removeWatched(tx, id, suppliers, by(watcher))),
      list: (watcher, supplierId) => listWatchlists(db, watcher, supplierId),
      read: (id, watcher) => readWatchlist(db, id, watcher),
      watchedIds: (id, scope) => watchedIds(db, id, scope),
    }),
  );
}
