import {
  type Watchlist,
  WatchlistSchema,
  WatchlistService,
  WatchlistVisibility,
} from "@bellwether/gen/bellwether/ops/v1/watchlist_service_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

/** Lists in memory, with the ids of their suppliers. */
export interface WatchlistData {
  readonly lists: Watchlist[];
  readonly members: Map<string, string[]>;
  /** The error of the next change. Undefined: it succeeds. */
  rejection?: ConnectError | undefined;
}

export const CASTINGS = "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e01";
export const OTHERS = "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e02";
const { PRIVATE, SHARED } = WatchlistVisibility;

/** A list of the reader, and a shared one of somebody else. */
export function demoWatchlists(): WatchlistData {
  const mine = { name: "Castings <b>2027</b>", note: "end in March", owner: "Ada (0f3c)", mayChange: true };
  const other = { name: "Freight", owner: "Grace (grace)", mayChange: false, visibility: SHARED };
  return {
    lists: [
      create(WatchlistSchema, { watchlistId: CASTINGS, ...mine, version: 3n, visibility: PRIVATE }),
      create(WatchlistSchema, { watchlistId: OTHERS, ...other, version: 1n }),
    ],
    members: new Map([
      [CASTINGS, ["S-1000"]],
      [OTHERS, []],
    ]),
  };
}

/** Returns WatchlistService over data in memory. */
export function watchlistsInMemory(data: WatchlistData): Route {
  const find = (watchlistId: string): Watchlist => {
    const { rejection } = data;
    data.rejection = undefined;
    if (rejection) throw rejection;
    const found = data.lists.find((list) => list.watchlistId === watchlistId);
    if (!found) throw new ConnectError("there is no watchlist that you can see", Code.NotFound);
    return found;
  };
  const counted = (list: Watchlist): Watchlist => ({
    ...list,
    suppliers: data.members.get(list.watchlistId)?.length ?? 0,
  });
  const setMembers = (watchlistId: string, ids: readonly string[]) => {
    const list = find(watchlistId);
    data.members.set(watchlistId, [...ids]);
    list.version++;
    return { watchlist: counted(list) };
  };
  const membersOf = (watchlistId: string): readonly string[] => data.members.get(watchlistId) ?? [];
  return route(WatchlistService, {
    listWatchlists: ({ supplierId }) => ({
      watchlists: data.lists.map((list) => ({
        ...counted(list),
        hasSupplier: membersOf(list.watchlistId).includes(supplierId),
      })),
    }),
    getWatchlist: ({ watchlistId }) => ({
      watchlist: counted(find(watchlistId)),
      supplierIds: [...membersOf(watchlistId)],
    }),
    createWatchlist({ name, note, visibility }) {
      if (data.lists.some((list) => list.name === name))
        throw new ConnectError(`there is a watchlist ${JSON.stringify(name)}`, Code.AlreadyExists);
      const watchlistId = `0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4f${String(data.lists.length).padStart(2, "0")}`;
      const texts = { name, note, visibility: visibility || PRIVATE, owner: "Ada (0f3c)" };
      const watchlist = create(WatchlistSchema, { watchlistId, ...texts, mayChange: true, version: 1n });
      data.lists.push(watchlist);
      return { watchlist };
    },
    updateWatchlist: ({ watchlistId }) => ({ watchlist: find(watchlistId) }),
    deleteWatchlist({ watchlistId }) {
      data.lists.splice(data.lists.indexOf(find(watchlistId)), 1);
      return {};
    },
    addWatchedSuppliers: ({ watchlistId, supplierIds }) =>
      setMembers(watchlistId, [...new Set([...membersOf(watchlistId), ...supplierIds])]),
    removeWatchedSuppliers: ({ watchlistId, supplierIds }) =>
      setMembers(
        watchlistId,
        membersOf(watchlistId).filter((id) => !supplierIds.includes(id)),
      ),
  });
}
