// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot have only some of its rows
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and names the active row
import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertOrder } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef } from "react";
import { keepPlace, keptPlace } from "../parts/kept-place.ts";
import { InboxRow, ROW_PX, rowId } from "./inbox-row.tsx";

/** Number of rows that are drawn above and below the visible ones. */
const OVERSCAN = 8;
/** The next page is loaded when this number of rows is left below the visible ones. */
const LOAD_AHEAD = 60;
const MINUTE_MS = 60_000;
const SAVE_AFTER_MS = 150;

interface InboxListProps {
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly alerts: readonly Alert[];
  /** Position of each alert in `alerts`, by its id. */
  readonly indexOf: ReadonlyMap<string, number>;
  /** Number of alerts on all pages. */
  readonly totalSize: number;
  readonly order: AlertOrder;
  readonly activeId: string;
  readonly selected: ReadonlySet<string>;
  readonly isSelectable: boolean;
  readonly belongs: (alert: Alert) => boolean;
  /** Owners whose deputy the reader is. */
  readonly deputyFor: readonly string[];
  readonly hasMore: boolean;
  readonly onMore: () => void;
  readonly onOpen: (alertId: string) => void;
  readonly onToggle: (alertId: string) => void;
}

const COLUMNS: readonly (readonly [name: string, title: string])[] = [
  ["check", ""],
  ["name", "Supplier"],
  ["severity", "Severity"],
  ["score", "Score"],
  ["loss", "Expected impact"],
  ["why", "Main reasons"],
  ["owner", "Owner"],
  ["age", "Age"],
];

/** The columns by which the list is sorted, highest values first. */
const SORTED_BY: Readonly<Record<AlertOrder, readonly string[]>> = {
  [AlertOrder.UNSPECIFIED]: ["severity", "loss"],
  [AlertOrder.EXPECTED_IMPACT]: ["loss"],
  [AlertOrder.SCORE_CHANGE]: ["score"],
};

/**
 * The rows of the inbox. Only the rows in view, and the active one, are in the document. The list has the focus
 * and names the active row, so that no change of rows can lose the focus.
 */
export function InboxList(props: InboxListProps) {
  const sortedBy = SORTED_BY[props.order] ?? [];
  const { grid, alerts, indexOf, activeId, selected, isSelectable, belongs, deputyFor } = props;
  const { hasMore, onMore, onOpen, onToggle } = props;
  const activeIndex = indexOf.get(activeId) ?? -1;
  const restore = useRestoredTop(grid, alerts.length, hasMore);
  // With another function, the virtual list computes the positions of all rows again.
  const getItemKey = useCallback((index: number) => alerts[index]?.alertId ?? index, [alerts]);
  const rows = useVirtualizer({
    count: alerts.length,
    getScrollElement: () => grid.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    // The header of the list covers the first row's height.
    scrollPaddingStart: ROW_PX,
    scrollMargin: ROW_PX,
    initialOffset: restore.current,
    getItemKey,
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range);
      return activeIndex === -1 || indexes.includes(activeIndex) ? indexes : [...indexes, activeIndex];
    },
  });
  const items = rows.getVirtualItems();
  const lastShown = items.reduce((last, { index }) => (index === activeIndex ? last : Math.max(last, index)), 0);
  useEffect(() => {
    if (hasMore && lastShown > alerts.length - LOAD_AHEAD) onMore();
  }, [hasMore, lastShown, alerts.length, onMore]);
  useLayoutEffect(() => {
    if (activeIndex !== -1 && restore.current === 0) rows.scrollToIndex(activeIndex, { align: "auto" });
  }, [activeIndex, rows, restore]);
  useEffect(() => keepScroll(grid.current), [grid]);
  // Rounded up, so that rows are not drawn again each time.
  const nowMs = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS;
  return (
    <div
      ref={grid}
      className="inbox-list"
      role="grid"
      tabIndex={0}
      aria-label="Alerts"
      aria-multiselectable={isSelectable}
      aria-rowcount={hasMore ? -1 : alerts.length + 1}
      aria-colcount={COLUMNS.length}
      aria-activedescendant={activeIndex === -1 ? undefined : rowId(activeId)}
      data-keep="inbox"
    >
      <div role="rowgroup" className="inbox-head">
        <div role="row" className="inbox-row" aria-rowindex={1}>
          {COLUMNS.map(([name, title]) => (
            <span
              key={name}
              role="columnheader"
              className={`cell-${name}`}
              aria-sort={name === sortedBy[0] ? "descending" : undefined}
              title={name === sortedBy[1] ? "Sorted by this within the same severity" : undefined}
            >
              {title || <span className="unseen">Selected</span>}
              {sortedBy.includes(name) && <span aria-hidden="true"> ↓</span>}
            </span>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="inbox-rows" style={{ height: rows.getTotalSize() }}>
        {items.map(({ key, index }) => {
          const alert = alerts[index];
          return (
            alert && (
              <InboxRow
                key={key}
                {...{ alert, index, isSelectable, onOpen, onToggle, nowMs }}
                isActive={index === activeIndex}
                isSelected={selected.has(alert.alertId)}
                belongs={belongs(alert)}
                isForOwner={deputyFor.includes(alert.owner)}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

const READER_INPUT = ["wheel", "pointerdown", "keydown", "touchstart"];

/**
 * Restores the scroll position of the history entry as soon as the list is long enough, unless the reader acts first.
 * Returns the position while it is not restored, else 0.
 */
function useRestoredTop(grid: RefObject<HTMLDivElement | null>, length: number, hasMore: boolean) {
  const top = useRef(keptPlace()?.listTop ?? 0);
  useLayoutEffect(() => {
    if (top.current === 0 || !grid.current) return;
    const isLong = (length + 1) * ROW_PX - grid.current.clientHeight >= top.current;
    if (!isLong && hasMore) return;
    grid.current.scrollTop = top.current;
    // Until the scroll event, the virtual list still has the former position.
    requestAnimationFrame(() => {
      top.current = 0;
    });
  }, [grid, length, hasMore]);
  useEffect(() => {
    const end = (): void => {
      top.current = 0;
    };
    for (const type of READER_INPUT) window.addEventListener(type, end, { capture: true });
    return () => {
      for (const type of READER_INPUT) window.removeEventListener(type, end, { capture: true });
    };
  }, []);
  return top;
}

/** Stores the scroll position of the list in the history entry. Returns a function that stops this. */
function keepScroll(list: HTMLElement | null): (() => void) | undefined {
  if (!list) return undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const save = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => keepPlace({ listTop: list.scrollTop }), SAVE_AFTER_MS);
  };
  list.addEventListener("scroll", save, { passive: true });
  return () => {
    clearTimeout(timer);
    list.removeEventListener("scroll", save);
  };
}
