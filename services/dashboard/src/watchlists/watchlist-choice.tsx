import { WatchlistService } from "@bellwether/gen/bellwether/ops/v1/watchlist_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { hrefOf } from "../routing/route.ts";

interface WatchlistChoiceProps {
  /** Empty: all suppliers. */
  readonly watchlistId: string;
  /** Whether the reader has opened the choice, which then has the focus. */
  readonly isOpened: boolean;
  readonly onChange: (watchlistId: string) => void;
}

/** The watchlists that the reader sees, of which one is chosen. A list of another person shows its owner. */
export default function WatchlistChoice({ watchlistId, isOpened, onChange }: WatchlistChoiceProps) {
  const found = useQuery(WatchlistService.method.listWatchlists, {});
  const lists = found.data?.watchlists ?? [];
  if (found.isPending && watchlistId === "") return <span className="quiet">Loading the watchlists</span>;
  if (found.isError)
    return (
      <button type="button" onClick={() => void found.refetch()}>
        Watchlists were not loaded: try again
      </button>
    );
  if (lists.length === 0 && watchlistId === "")
    return <a href={hrefOf({ page: "watchlists", watchlistId: "", supplierId: "" })}>No watchlist yet: make one</a>;
  const isKnown = lists.some((list) => list.watchlistId === watchlistId);
  return (
    <select
      aria-label="Watchlist"
      // biome-ignore lint/a11y/noAutofocus: the button that had the focus is replaced by the list
      autoFocus={isOpened}
      value={watchlistId}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">Every supplier</option>
      {!isKnown && watchlistId !== "" && (
        <option value={watchlistId}>{found.isPending ? "A watchlist" : "A watchlist that you do not see"}</option>
      )}
      {lists.map(({ watchlistId: id, name, owner, mayChange }) => (
        <option key={id} value={id}>
          {mayChange ? visibleText(name) : `${visibleText(name)}, of ${visibleText(owner)}`}
        </option>
      ))}
    </select>
  );
}
