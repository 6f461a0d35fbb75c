import { UUID_PATTERN } from "@bellwether/contract/uuid";
import type { Supplier } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import {
  type Watchlist,
  type WatchlistService,
  WatchlistVisibility,
} from "@bellwether/gen/bellwether/ops/v1/watchlist_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { scoreText } from "@bellwether/reasons/score-text";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { UsageError } from "../errors/usage-error.ts";
import { printable } from "../output/printable.ts";
import type { OpsClient } from "../remote/ops-client.ts";
import { bandWord } from "../suppliers/supplier-text.ts";

/** Returns the list with a name or an id; of two lists with the name, the caller's own one. @throws UsageError */
export async function findWatchlist(
  ops: OpsClient<typeof WatchlistService>,
  which: string,
  timeoutMs: number,
): Promise<Watchlist> {
  const { watchlists } = await ops.answer(ops.client.listWatchlists({}, { timeoutMs }));
  const isWanted = UUID_PATTERN.test(which.toLowerCase())
    ? ({ watchlistId }: Watchlist) => watchlistId === which.toLowerCase()
    : ({ name }: Watchlist) => name.toLowerCase() === which.toLowerCase();
  // The caller's own lists come first.
  const [found] = watchlists.filter(isWanted);
  if (!found) throw new UsageError(`there is no watchlist "${printable(which)}"; watchlists list shows them`);
  return found;
}

/** Returns a list as one line. */
export function watchlistLine(list: Watchlist): string {
  const seen = list.visibility === WatchlistVisibility.SHARED ? "shared" : "private";
  return `${printable(list.name)} (${list.watchlistId}): ${countText(list.suppliers, "supplier")}, ${seen}, of ${printable(list.owner)}`;
}

export function watchlistJson(list: Watchlist) {
  return {
    watchlist_id: list.watchlistId,
    name: list.name,
    note: list.note,
    visibility: list.visibility === WatchlistVisibility.SHARED ? "shared" : "private",
    owner: list.owner,
    may_change: list.mayChange,
    version: Number(list.version),
    suppliers: list.suppliers,
    changed_at: list.changedAt ? timestampDate(list.changedAt).toISOString() : null,
    changed_by: list.changedBy,
  };
}

/** Returns a supplier with its latest score as one line. */
export function watchedLine({ supplierId, name, latestScore: score }: Supplier): string {
  const named = name === "" ? supplierId : `${supplierId} ${printable(name)}`;
  if (score?.riskScore === undefined) return `${named}: no score`;
  const change = score.change === undefined ? "" : `, change ${score.change >= 0 ? "+" : ""}${score.change.toFixed(2)}`;
  return `${named}: ${scoreText(score.riskScore, [])} ${bandWord(score.band)}${change}`;
}
