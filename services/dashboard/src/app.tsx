import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { AlertsPage } from "./pages/alerts-page.tsx";
import { NowherePage } from "./pages/nowhere-page.tsx";
import { RunPage } from "./pages/run-page.tsx";
import { SignInPage } from "./pages/sign-in-page.tsx";
import { SignedInPage } from "./pages/signed-in-page.tsx";
import { SupplierPage } from "./pages/supplier-page.tsx";
import { SuppliersPage } from "./pages/suppliers-page.tsx";
import { Header } from "./parts/header.tsx";
import { keptPlace, startKeepingPlaces } from "./parts/kept-place.ts";
import { focusHeading } from "./parts/page.tsx";
import { SignInPrompt } from "./parts/sign-in-prompt.tsx";
import { hrefOf, type Place, placeOf } from "./routing/route.ts";
import { AlertChangesContext, createAlertChanges } from "./rpc/alert-changes.ts";
import { LiveContext } from "./rpc/live.ts";
import { useAlertWatch } from "./rpc/use-alert-watch.ts";
import { SessionContext, useSessionQuery } from "./rpc/use-session.ts";

/** The whole dashboard: the header, and the page of the present address. */
export function App() {
  const place = placeOf(useSyncExternalStore(onHashChange, () => window.location.hash));
  const [changes] = useState(createAlertChanges);
  const live = useAlertWatch(changes);
  const session = useSessionQuery();
  useEffect(startKeepingPlaces, []);
  useFocusOnArrival(place.page === "supplier" ? place.supplierId : place.page);
  return (
    <SessionContext value={session}>
      <LiveContext value={live}>
        <AlertChangesContext value={changes}>
          <Header place={place} />
          {place.page !== "sign-in" && <SignInPrompt />}
          <main id="content">
            <PageOf place={place} />
          </main>
        </AlertChangesContext>
      </LiveContext>
    </SessionContext>
  );
}

function PageOf({ place }: { place: Place }) {
  switch (place.page) {
    case "alerts":
      return <AlertsPage filter={place.filter} />;
    case "suppliers":
      return <SuppliersPage band={place.band} modelName={place.modelName ?? ""} />;
    case "supplier":
      return <SupplierPage key={hrefOf(place)} place={place} />;
    case "run":
      return <RunPage key={hrefOf(place)} isoWeek={place.isoWeek} modelName={place.modelName ?? ""} />;
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
    if (!keptPlace()) focusHeading();
  }, [where]);
}

function onHashChange(notify: () => void): () => void {
  window.addEventListener("hashchange", notify);
  return () => window.removeEventListener("hashchange", notify);
}
