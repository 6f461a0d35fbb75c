import { type Alert, AlertSeverity } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertOrder, WeekChange } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { lazy, type ReactNode, type RefObject, Suspense, useEffect, useRef, useState } from "react";
import { Choice } from "../parts/choice.tsx";
import { LoadBoundary } from "../parts/load-boundary.tsx";
import { SEVERITY_WORDS, WEEK_CHANGE_WORDS, wordOf } from "../parts/words.ts";
import { countConditions, type InboxView } from "../routing/inbox-view.ts";
import { goTo } from "../routing/route.ts";
import { WatchlistCondition } from "../watchlists/watchlist-condition.tsx";
import type { OpenedBy } from "./opened-by.ts";

const FilterPopover = lazy(() => import("./filter-popover.tsx"));
const ViewsMenu = lazy(() => import("./views-menu.tsx"));

const SEVERITIES = [AlertSeverity.UNSPECIFIED, AlertSeverity.WARNING, AlertSeverity.CRITICAL];
const ORDERS: readonly (readonly [order: AlertOrder, name: string])[] = [
  [AlertOrder.UNSPECIFIED, "Severity, then expected impact"],
  [AlertOrder.EXPECTED_IMPACT, "Highest expected impact first"],
  [AlertOrder.SCORE_CHANGE, "Largest rise first"],
];
/** Time without typing after which the search begins. */
const TYPING_PAUSE_MS = 250;
/** Maximum length of the text: the contract allows 200 bytes, and a character has at most four. */
const LONGEST_TEXT = 50;

interface InboxFiltersProps {
  readonly view: InboxView;
  readonly search: RefObject<HTMLInputElement | null>;
  /** Loaded alerts, whose values are suggested. */
  readonly alerts: readonly Alert[];
}

/** The search text, severity, order and further conditions of the list. All are part of the address. */
export function InboxFilters({ view, search, alerts }: InboxFiltersProps) {
  const show = (change: Partial<InboxView>): void => goTo({ page: "alerts", view: { ...view, ...change } });
  const conditions = countConditions({ ...view, severity: AlertSeverity.UNSPECIFIED });
  return (
    <form className="filters" aria-label="Filter alerts" onSubmit={(event) => event.preventDefault()}>
      <SearchField input={search} text={view.text} onText={(text) => show({ text })} />
      <fieldset>
        <legend>Severity</legend>
        {SEVERITIES.map((severity) => (
          <label key={severity} className="chip">
            <input
              type="radio"
              name="severity"
              checked={view.severity === severity}
              onChange={() => show({ severity })}
            />
            {severity === AlertSeverity.UNSPECIFIED ? "All" : wordOf(SEVERITY_WORDS, severity)}
          </label>
        ))}
      </fieldset>
      <Choice label="Order" options={ORDERS} value={view.order} onChange={(order) => show({ order })} />
      <WatchlistCondition watchlistId={view.watchlistId} onChange={(watchlistId) => show({ watchlistId })} />
      {view.weekChange !== WeekChange.UNSPECIFIED && (
        <button
          type="button"
          className="condition"
          title="Remove this condition"
          onClick={() => show({ weekChange: WeekChange.UNSPECIFIED, changeWeek: "" })}
        >
          {`${wordOf(WEEK_CHANGE_WORDS, view.weekChange)} in ${view.changeWeek || "the latest week"} ×`}
        </button>
      )}
      <OnDemand name={conditions > 0 ? `Filters (${conditions})` : "Filters"}>
        {(opened) => <FilterPopover view={view} alerts={alerts} onShow={show} {...opened} />}
      </OnDemand>
      <OnDemand name="Views">{(opened) => <ViewsMenu view={view} onView={show} {...opened} />}</OnDemand>
    </form>
  );
}

/** A button whose content is loaded when it is first pressed. */
function OnDemand({ name, children }: { name: string; children: (opened: OpenedBy) => ReactNode }) {
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  return (
    <span className="on-demand">
      <button ref={button} type="button" aria-haspopup="dialog" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {name}
      </button>
      {isOpen && (
        <LoadBoundary place={name}>
          <Suspense fallback={null}>{children({ button, onClose: () => setOpen(false) })}</Suspense>
        </LoadBoundary>
      )}
    </span>
  );
}

interface SearchFieldProps {
  readonly input: RefObject<HTMLInputElement | null>;
  readonly text: string;
  readonly onText: (text: string) => void;
}

function SearchField({ input, text, onText }: SearchFieldProps) {
  const [typed, setTyped] = useState(text);
  const [shown, setShown] = useState(text);
  if (text !== shown) {
    setShown(text);
    // What the reader types is not replaced.
    if (document.activeElement !== input.current) setTyped(text);
  }
  useEffect(() => {
    if (typed === text) return;
    const timer = setTimeout(() => onText(typed), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  });
  return (
    <input
      ref={input}
      type="search"
      className="search"
      aria-label="Search in the list: supplier name or id"
      aria-keyshortcuts="/"
      placeholder="Search  /"
      maxLength={LONGEST_TEXT}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          // The browser would empty the field.
          event.preventDefault();
          event.currentTarget.blur();
        }
        if (event.key === "Enter") onText(typed);
      }}
    />
  );
}
