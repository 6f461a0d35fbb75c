import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertTab } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { useTransport } from "@connectrpc/connect-query";
import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from "react";
import { downloadCsv } from "../export/download.ts";
import { AlertPanel } from "../inbox/alert-panel.tsx";
import { belongsTo } from "../inbox/belongs.ts";
import { BulkBar } from "../inbox/bulk-bar.tsx";
import { HelpSheet } from "../inbox/help-sheet.tsx";
import { InboxFilters } from "../inbox/inbox-filters.tsx";
import { InboxList } from "../inbox/inbox-list.tsx";
import { ROW_PX } from "../inbox/inbox-row.tsx";
import { type InboxEvent, initialInbox, nextInbox, type OpenForm } from "../inbox/inbox-state.ts";
import { InboxTabs } from "../inbox/inbox-tabs.tsx";
import { listSizeText } from "../inbox/list-size.ts";
import { PanelActions } from "../inbox/panel-actions.tsx";
import { PanelForm } from "../inbox/panel-form.tsx";
import { PrintedAlerts } from "../inbox/printed-alerts.tsx";
import { UndoLine } from "../inbox/undo-line.tsx";
import { type Decisions, useDecisions } from "../inbox/use-decisions.ts";
import { useInboxCommands } from "../inbox/use-inbox-commands.ts";
import { useInboxList } from "../inbox/use-inbox-list.ts";
import { useLetters } from "../inbox/use-letters.ts";
import { useTabCounts } from "../inbox/use-tab-counts.ts";
import { countOf, countText } from "../parts/format.ts";
import { ChangesButton } from "../parts/list-status.tsx";
import { Empty, Failure, Loading } from "../parts/load-states.tsx";
import { Page } from "../parts/page.tsx";
import { ACTIVE_ALERTS, countConditions, type InboxView, inboxQueryOf } from "../routing/inbox-view.ts";
import { hrefOf, placeOf } from "../routing/route.ts";
import { problemOf } from "../rpc/problem.ts";
import { useReader } from "../session/reader.ts";

/** Number of alerts that one page of the server has. */
const PAGE_SIZE = 200;

/** The alerts that match a view, for triage: the list, and the panel of one alert beside it. */
export function InboxPage({ view: given, alertId }: { view: InboxView; alertId: string }) {
  const query = inboxQueryOf(given);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the query is the identity of the view
  const view = useMemo(() => given, [query]);
  const search = useRef<HTMLInputElement>(null);
  const decisions = useDecisions();
  const counts = useTabCounts(view, decisions.count);
  const [loaded, setLoaded] = useState<readonly Alert[]>([]);
  return (
    <Page title="Alerts" isWide>
      <InboxTabs view={view} counts={counts} />
      <InboxFilters view={view} search={search} alerts={loaded} />
      <Inbox
        key={query}
        view={view}
        alertId={alertId}
        decisions={decisions}
        onSearch={() => search.current?.focus()}
        onLoaded={setLoaded}
      />
    </Page>
  );
}

interface InboxProps {
  readonly view: InboxView;
  /** The alert whose panel is open at first. Empty: none. */
  readonly alertId: string;
  readonly decisions: Decisions;
  readonly onSearch: () => void;
  readonly onLoaded: (alerts: readonly Alert[]) => void;
}

function Inbox({ view, alertId, decisions, onSearch, onLoaded }: InboxProps) {
  const reader = useReader();
  const transport = useTransport();
  const grid = useRef<HTMLDivElement>(null);
  const [state, dispatch] = useReducer(nextInbox, alertId, initialInbox);
  const [areLettersOn, setLetters] = useLetters();
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [deputyFor, setDeputyFor] = useState<readonly string[]>(NO_OWNERS);
  const belongs = useCallback(
    (alert: Alert) => belongsTo(view, alert, reader.subject, deputyFor),
    [view, reader.subject, deputyFor],
  );
  const activeIndex = useRef(0);
  const pagesToKeep = (): number => 1 + Math.floor(activeIndex.current / PAGE_SIZE);
  const { list, alerts, held, readMore, totalSize } = useInboxList(view, belongs, pagesToKeep);
  const shown = alerts ?? NONE;
  const left = useMemo(() => shown.filter((alert) => !belongs(alert)).length, [shown, belongs]);
  const owners = list.data?.pages[0]?.deputyFor.join("\n") ?? "";
  useEffect(() => setDeputyFor(owners === "" ? NO_OWNERS : owners.split("\n")), [owners]);
  // A list can have 10,000 alerts: it is not searched each time the page is drawn.
  const indexOf = useMemo(() => new Map(shown.map((alert, i) => [alert.alertId, i])), [shown]);
  const active = shown[indexOf.get(state.activeId) ?? -1];
  activeIndex.current = Math.max(
    Math.floor((grid.current?.scrollTop ?? 0) / ROW_PX),
    indexOf.get(state.activeId) ?? -1,
  );
  useEffect(() => onLoaded(shown), [shown, onLoaded]);

  const exportList = async (): Promise<void> => {
    decisions.say("Exporting…");
    try {
      const { exportAlerts } = await import("../inbox/export-alerts.ts");
      const { csv, rows, truncated } = await exportAlerts(transport, view);
      downloadCsv("alerts.csv", csv);
      const more = truncated ? ` The list has more: only the first ${countText(rows)} are in the file.` : "";
      decisions.say(`Exported: ${countOf(rows, "alert")} to alerts.csv.${more}`);
    } catch (error) {
      const { title, wayOut } = problemOf(error);
      decisions.say(`Not exported. ${title}. ${wayOut}`);
    }
  };
  const commands = useInboxCommands({
    ...{ alerts: shown, active, belongs, state, dispatch, decisions, areLettersOn, onSearch },
    onShowChanges: () => {
      if (held.changes > 0 || held.isMore) void held.show();
    },
    onHelp: () => setHelpOpen(true),
    onExport: () => void exportList(),
    focusList: () => grid.current?.focus({ preventScroll: true }),
  });
  useAddressOfPanel(view, state.isPanelOpen ? state.activeId : "");
  usePanelOfAddress(dispatch);

  const isEmpty = alerts !== undefined && !alerts.some(belongs);
  // Keys act on a row that the reader sees: the first one, until the reader chooses another.
  const firstId = shown.find(belongs)?.alertId ?? "";
  useEffect(() => {
    if (state.activeId === "" && firstId !== "") dispatch({ type: "activate", alertId: firstId });
  }, [state.activeId, firstId]);
  // The list is empty, so no row can move.
  useEffect(() => {
    const isOld = held.changes > 0 || shown.length > 0;
    if (isEmpty && isOld && !list.isFetching && !list.isError && decisions.undoable === undefined) void held.show();
  });
  const onOpen = useCallback((id: string) => dispatch({ type: "openPanel", alertId: id }), []);
  const onToggle = useCallback((id: string) => dispatch({ type: "toggle", alertId: id }), []);
  const onMore = useCallback(() => readMore.current(), [readMore]);
  const selected = state.selected.size === 0 ? NONE : shown.filter((alert) => state.selected.has(alert.alertId));
  const { form } = state;
  const openForm = ({ kind, targets }: OpenForm) => (
    <PanelForm
      key={`${kind}/${targets.map((one) => one.alertId).join()}`}
      {...{ kind, targets, alerts: shown, decide: decisions.decide, onDone: commands.finishForm }}
      onCancel={() => {
        dispatch({ type: "closeForm" });
        grid.current?.focus({ preventScroll: true });
      }}
    />
  );
  return (
    <div className="inbox" data-panel={state.isPanelOpen || form !== undefined}>
      <div className="inbox-main" ref={held.container}>
        <div className="inbox-status">
          <UndoLine done={decisions.done} undoable={decisions.undoable} onUndo={() => void decisions.undo()} />
          <span className="inbox-tools">
            <ChangesButton changes={held.changes} isMore={held.isMore} onShow={() => void held.show()} />
            <span className="quiet number">{alerts && listSizeText(totalSize, left)}</span>
            <button type="button" title="Key: e" onClick={() => void exportList()}>
              Export
            </button>
            <button type="button" title="Key: ?" aria-label="Keys" onClick={() => setHelpOpen(true)}>
              ?
            </button>
          </span>
        </div>
        {list.isPending ? (
          <Loading what="alerts" />
        ) : !alerts ? (
          <Failure error={list.error} onRetry={() => void list.refetch()} />
        ) : shown.length === 0 ? (
          <NoAlerts view={view} />
        ) : (
          <>
            <InboxList
              {...{ grid, alerts, indexOf, totalSize, belongs, deputyFor, onOpen, onToggle, onMore, order: view.order }}
              activeId={state.activeId}
              selected={state.selected}
              isSelectable={reader.mayDecide}
              hasMore={list.hasNextPage && !list.isError}
            />
            <PrintedAlerts alerts={alerts} />
          </>
        )}
        {alerts && list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
        <BulkBar
          alerts={selected}
          onDecide={(decision) => void commands.decide(decision)}
          onOpenForm={commands.openForm}
          onClear={() => dispatch({ type: "select", alertIds: [] })}
        />
      </div>
      {form && form.targets.length > 1 ? (
        <section className="panel" aria-label="Selected alerts">
          {openForm(form)}
        </section>
      ) : (
        state.isPanelOpen &&
        state.activeId !== "" && (
          <AlertPanel
            alertId={state.activeId}
            listed={active}
            done={form ? "" : decisions.done}
            onClose={() => dispatch({ type: "close" })}
            actions={(alert) =>
              form
                ? openForm(form)
                : reader.mayDecide && (
                    <PanelActions
                      alerts={[alert]}
                      onDecide={(decision) => void commands.decide(decision, [alert])}
                      onOpenForm={(kind) => commands.openForm(kind, [alert])}
                    />
                  )
            }
          />
        )
      )}
      {isHelpOpen && (
        <HelpSheet areLettersOn={areLettersOn} onLetters={setLetters} onClose={() => setHelpOpen(false)} />
      )}
    </div>
  );
}

const NONE: readonly Alert[] = [];
const NO_OWNERS: readonly string[] = [];

/** Writes the alert of the open panel into the address, so that reload and a sent link open it again. */
function useAddressOfPanel(view: InboxView, alertId: string): void {
  useEffect(() => {
    const hash = hrefOf({ page: "alerts", view, ...(alertId && { alertId }) });
    return afterPaint(() => {
      const now = window.location.hash;
      const isShown = now === hash || (now === "" && alertId === "");
      // The reader may have left the page meanwhile: the address of another page must not be overwritten.
      if (!isShown && placeOf(now).page === "alerts") window.history.replaceState(window.history.state, "", hash);
    });
  }, [view, alertId]);
}

/** Opens the panel of the alert in the address when the reader goes to another address, and closes it when there is none. */
function usePanelOfAddress(dispatch: (event: InboxEvent) => void): void {
  useEffect(() => {
    const follow = (): void => {
      const place = placeOf(window.location.hash);
      if (place.page !== "alerts") return;
      dispatch(place.alertId ? { type: "openPanel", alertId: place.alertId } : { type: "closePanel" });
    };
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, [dispatch]);
}

/** Runs `work` after the next frame, so that it does not delay what the reader sees. Returns a function that cancels it. */
function afterPaint(work: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const frame = requestAnimationFrame(() => {
    timer = setTimeout(work);
  });
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}

function NoAlerts({ view }: { view: InboxView }) {
  const isNarrow = countConditions(view) > 0 || view.text !== "";
  if (isNarrow) {
    return (
      <Empty title="No alert matches this filter">
        <a href={hrefOf({ page: "alerts", view: ACTIVE_ALERTS })}>Show all alerts that need a decision.</a>
      </Empty>
    );
  }
  if (view.tab !== AlertTab.UNSPECIFIED) {
    return (
      <Empty title="No alert in this list">
        <a href={hrefOf({ page: "alerts", view: ACTIVE_ALERTS })}>Show all alerts that need a decision.</a>
      </Empty>
    );
  }
  return (
    <Empty title="No alert needs a decision">
      Alerts are raised when a weekly run is complete.{" "}
      <a href={hrefOf({ page: "run", isoWeek: "" })}>See the state of the latest run.</a>
    </Empty>
  );
}
