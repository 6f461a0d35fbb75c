import { lazy, Suspense, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Header } from "./frame/header.tsx";
import { InboxPage } from "./pages/inbox-page.tsx";
import { NowherePage } from "./pages/nowhere-page.tsx";
import { SignInPage } from "./pages/sign-in-page.tsx";
import { SignedInPage } from "./pages/signed-in-page.tsx";
import { SupplierPage } from "./pages/supplier-page.tsx";
import { SuppliersPage } from "./pages/suppliers-page.tsx";
import { keptPlace, startKeepingPlaces } from "./parts/kept-place.ts";
import { LoadBoundary } from "./parts/load-boundary.tsx";
import { Loading } from "./parts/load-states.tsx";
import { focusHeading } from "./parts/page.tsx";
import { SignInPrompt } from "./parts/sign-in-prompt.tsx";
import { withTimeLimit } from "./parts/with-time-limit.ts";
import { hrefOf, type Place, placeOf } from "./routing/route.ts";
import { AlertChangesContext, createAlertChanges } from "./rpc/alert-changes.ts";
import { LiveContext } from "./rpc/live.ts";
import { useAlertWatch } from "./rpc/use-alert-watch.ts";
import { SessionContext, useSessionQuery } from "./rpc/use-session.ts";
import { ReaderContext, readerOf } from "./session/reader.ts";
import { usePersonChange } from "./session/use-person-change.ts";

// The inbox and the suppliers are in the first file. The other pages are loaded after it.
const loadWeekPage = withTimeLimit(async () => ({ default: (await import("./pages/week-page.tsx")).WeekPage }));
const WeekPage = lazy(loadWeekPage);
const loadRunPage = withTimeLimit(async () => ({ default: (await import("./pages/run-page.tsx")).RunPage }));
const RunPage = lazy(loadRunPage);
const NoticesPage = lazy(
  withTimeLimit(async () => ({ default: (await import("./pages/notices-page.tsx")).NoticesPage })),
);
const PerformancePage = lazy(
  withTimeLimit(async () => ({ default: (await import("./pages/performance-page.tsx")).PerformancePage })),
);
const ModelsPage = lazy(withTimeLimit(async () => ({ default: (await import("./pages/models-page.tsx")).ModelsPage })));
const RulesPage = lazy(withTimeLimit(async () => ({ default: (await import("./pages/rules-page.tsx")).RulesPage })));
const WatchlistsPage = lazy(
  withTimeLimit(async () => ({ default: (await import("./pages/watchlists-page.tsx")).WatchlistsPage })),
);
const SettingsPage = lazy(
  withTimeLimit(async () => ({ default: (await import("./pages/settings-page.tsx")).SettingsPage })),
);
const AuditPage = lazy(withTimeLimit(async () => ({ default: (await import("./pages/audit-page.tsx")).AuditPage })));

/**
 * Loads the pages of the week and of the run ahead, so that they can be opened without a connection. A failure has no
 * effect here. The other pages show only what a server computes or stores, so they need a connection anyway.
 */
function loadPagesAhead(): void {
  for (const load of [loadWeekPage, loadRunPage]) load().catch(() => {});
}

/** The whole dashboard: the header, and the page of the present address. */
export function App() {
  const hash = useSyncExternalStore(onHashChange, () => window.location.hash);
  const place = useMemo(() => placeOf(hash), [hash]);
  const [changes] = useState(createAlertChanges);
  const session = useSessionQuery();
  const live = useAlertWatch(changes, session.state === "signed-in" ? session.subject : "");
  const reader = useMemo(() => readerOf(session), [session]);
  usePersonChange(session);
  useEffect(startKeepingPlaces, []);
  useEffect(loadPagesAhead, []);
  useFocusOnArrival(place.page === "supplier" ? place.supplierId : place.page);
  return (
    <SessionContext value={session}>
      <ReaderContext value={reader}>
        <LiveContext value={live}>
          <AlertChangesContext value={changes}>
            <Header place={place} />
            {place.page !== "sign-in" && <SignInPrompt />}
            <main id="content">
              <LoadBoundary place={hash}>
                <Suspense fallback={<Loading what="the page" />}>
                  <PageOf place={place} />
                </Suspense>
              </LoadBoundary>
            </main>
          </AlertChangesContext>
        </LiveContext>
      </ReaderContext>
    </SessionContext>
  );
}

/** Time in which a page is loaded, and its heading looked for. */
const ARRIVAL_MS = 5_000;
const LOOK_EVERY_MS = 50;

function PageOf({ place }: { place: Place }) {
  switch (place.page) {
    case "alerts":
      return <InboxPage view={place.view} alertId={place.alertId ?? ""} />;
    case "week":
      return <WeekPage key={hrefOf(place)} isoWeek={place.isoWeek} modelName={place.modelName ?? ""} />;
    case "suppliers":
      return <SuppliersPage view={place} />;
    case "supplier":
      return <SupplierPage key={hrefOf(place)} place={place} />;
    case "run":
      return (
        <RunPage
          key={hrefOf(place)}
          isoWeek={place.isoWeek}
          modelName={place.modelName ?? ""}
          runId={place.runId ?? 0}
        />
      );
    case "notices":
      return <NoticesPage view={place} />;
    case "performance":
      return <PerformancePage key={hrefOf(place)} modelName={place.modelName ?? ""} />;
    case "models":
      return <ModelsPage view={place} />;
    case "rules":
      return <RulesPage key={hrefOf(place)} {...place} />;
    case "watchlists":
      return <WatchlistsPage key={hrefOf(place)} view={place} />;
    case "settings":
      return <SettingsPage />;
    case "audit":
      return <AuditPage view={place} />;
    case "sign-in":
      return <SignInPage code={place.code} />;
    case "signed-in":
      return <SignedInPage />;
    case "nowhere":
      return <NowherePage />;
  }
}

/**
 * Moves the focus to the new heading after a link was followed: the link no longer exists, and keyboard and
 * screen reader users continue at the heading.
 */
function useFocusOnArrival(where: string): void {
  const before = useRef(where);
  useEffect(() => {
    if (before.current === where) return;
    before.current = where;
    // After "back" in the browser, the reader's position on the page is restored instead.
    if (keptPlace()) return;
    // The page may still be loading: its heading gets the focus when it is there, unless the reader acts first.
    const startedMs = performance.now();
    const timer = setInterval(() => {
      const isLost = document.activeElement === document.body || !document.activeElement?.isConnected;
      const isOver = performance.now() - startedMs > ARRIVAL_MS;
      if ((isLost && focusHeading()) || isOver) clearInterval(timer);
    }, LOOK_EVERY_MS);
    if (focusHeading()) clearInterval(timer);
    return () => clearInterval(timer);
  }, [where]);
}

function onHashChange(notify: () => void): () => void {
  window.addEventListener("hashchange", notify);
  return () => window.removeEventListener("hashchange", notify);
}
