import { useEffect, useRef, useSyncExternalStore } from "react";
import { AlertsPage } from "./pages/alerts-page.tsx";
import { NowherePage } from "./pages/nowhere-page.tsx";
import { RunPage } from "./pages/run-page.tsx";
import { SupplierPage } from "./pages/supplier-page.tsx";
import { SuppliersPage } from "./pages/suppliers-page.tsx";
import { Header } from "./parts/header.tsx";
import { focusHeading } from "./parts/page.tsx";
import { type Place, placeOf } from "./route.ts";
import { useAlertWatch } from "./rpc/use-alert-watch.ts";

/** The whole page: the header and what the address asks for. */
export function App() {
  const place = placeOf(useSyncExternalStore(onHashChange, () => window.location.hash));
  const live = useAlertWatch();
  useFocusOnArrival(place.page === "supplier" ? place.supplierId : place.page);
  return (
    <>
      <Header place={place} live={live} />
      <main id="content">
        <PageOf place={place} />
      </main>
    </>
  );
}

function PageOf({ place }: { place: Place }) {
  switch (place.page) {
    case "alerts":
      return <AlertsPage filter={place.filter} />;
    case "suppliers":
      return <SuppliersPage band={place.band} />;
    case "supplier":
      return <SupplierPage key={place.supplierId} supplierId={place.supplierId} />;
    case "run":
      return <RunPage key={place.isoWeek} isoWeek={place.isoWeek} />;
    case "nowhere":
      return <NowherePage />;
  }
}

/** A link that was followed is gone with its page: whoever uses the keyboard or listens goes on at the new heading. */
function useFocusOnArrival(where: string): void {
  const before = useRef(where);
  useEffect(() => {
    if (before.current === where) return;
    before.current = where;
    focusHeading();
  }, [where]);
}

function onHashChange(notify: () => void): () => void {
  window.addEventListener("hashchange", notify);
  return () => window.removeEventListener("hashchange", notify);
}
