import { lazy, Suspense, useState } from "react";
import { LoadBoundary } from "../parts/load-boundary.tsx";

const WatchlistChoice = lazy(() => import("./watchlist-choice.tsx"));

interface WatchlistConditionProps {
  /** Empty: all suppliers. */
  readonly watchlistId: string;
  readonly onChange: (watchlistId: string) => void;
}

/** The condition that a supplier is in a watchlist. The lists are loaded when the reader asks for them, or when one is chosen. */
export function WatchlistCondition({ watchlistId, onChange }: WatchlistConditionProps) {
  const [isOpened, setOpened] = useState(false);
  if (!isOpened && watchlistId === "")
    return (
      <button type="button" onClick={() => setOpened(true)}>
        Watchlist
      </button>
    );
  return (
    <LoadBoundary place="Watchlist">
      <Suspense fallback={null}>
        <WatchlistChoice watchlistId={watchlistId} isOpened={isOpened} onChange={onChange} />
      </Suspense>
    </LoadBoundary>
  );
}
