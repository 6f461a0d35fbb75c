import { lazy, Suspense, useContext, useEffect, useState } from "react";
import { LoadBoundary } from "../parts/load-boundary.tsx";
import { focusHeading } from "../parts/page.tsx";
import { Person } from "../parts/person.tsx";
import { ACTIVE_ALERTS } from "../routing/inbox-view.ts";
import { ALL_EVENTS } from "../routing/record-views.ts";
import { ALL_SUPPLIERS, hrefOf, type Place } from "../routing/route.ts";
import { LiveContext, liveText } from "../rpc/live.ts";
import { useSession } from "../rpc/use-session.ts";
import { useReader } from "../session/reader.ts";

const FindDialog = lazy(() => import("../search/find-dialog.tsx"));

const LINKS = [
  { name: "Alerts", href: hrefOf({ page: "alerts", view: ACTIVE_ALERTS }), pages: ["alerts"] },
  { name: "This week", href: hrefOf({ page: "week", isoWeek: "" }), pages: ["week"] },
  { name: "Suppliers", href: hrefOf({ page: "suppliers", ...ALL_SUPPLIERS }), pages: ["suppliers", "supplier"] },
  { name: "Watchlists", href: hrefOf({ page: "watchlists", watchlistId: "", supplierId: "" }), pages: ["watchlists"] },
  { name: "Weeks", href: hrefOf({ page: "run", isoWeek: "" }), pages: ["run"] },
  { name: "Performance", href: hrefOf({ page: "performance" }), pages: ["performance"] },
  { name: "Models", href: hrefOf({ page: "models", modelName: "", version: "", other: "" }), pages: ["models"] },
  { name: "Rules", href: hrefOf({ page: "rules", setId: "" }), pages: ["rules"] },
];
/** Only for administrators: the server lets nobody else read the audit log. */
const AUDIT = { name: "Audit", href: hrefOf({ page: "audit", ...ALL_EVENTS }), pages: ["audit"] };
const SETTINGS = { name: "Settings", href: hrefOf({ page: "settings" }), pages: ["settings", "notices"] };

/** The navigation, and whether changes arrive automatically. */
export function Header({ place }: { place: Place }) {
  const { mayAdminister } = useReader();
  const isSignedOut = useSession().state === "signed-out";
  const links = [...LINKS, ...(mayAdminister && !isSignedOut ? [AUDIT] : []), SETTINGS];
  return (
    <header className="header">
      <button type="button" className="skip" onClick={focusHeading}>
        Skip to content
      </button>
      <div className="header-row">
        <a className="brand" href={LINKS[0]?.href}>
          <img src="./bellwether.svg" alt="" width="22" height="22" />
          Bellwether
        </a>
        <nav aria-label="Pages">
          {links.map(({ name, href, pages }) => (
            <a key={name} href={href} aria-current={pages.includes(place.page) ? "page" : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <Find />
        {!isSignedOut && <LiveSign />}
        <Person />
      </div>
    </header>
  );
}

function LiveSign() {
  const live = useContext(LiveContext);
  const isLive = live.state === "live" && !live.offline;
  const title = isLive
    ? "Changes are shown automatically"
    : "Changes do not arrive at the moment; this page tries to connect again";
  return (
    <span className="live" data-live={isLive} role="status" title={title}>
      {liveText(live)}
    </span>
  );
}

/** The button of the search for suppliers and pages, and its key: Ctrl K, from everywhere. */
function Find() {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      setOpen(true);
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
  return (
    <>
      <button type="button" className="find" aria-keyshortcuts="Control+K" onClick={() => setOpen(true)}>
        Find <kbd>Ctrl K</kbd>
      </button>
      {isOpen && (
        <LoadBoundary place="find">
          <Suspense fallback={null}>
            <FindDialog onClose={() => setOpen(false)} />
          </Suspense>
        </LoadBoundary>
      )}
    </>
  );
}
