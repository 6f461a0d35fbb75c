import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { useContext } from "react";
import { ACTIVE_ALERTS, hrefOf, type Place } from "../routing/route.ts";
import { LiveContext, liveText } from "../rpc/live.ts";
import { focusHeading } from "./page.tsx";
import { Person } from "./person.tsx";

const LINKS = [
  { name: "Alerts", href: hrefOf({ page: "alerts", filter: ACTIVE_ALERTS }), pages: ["alerts"] },
  {
    name: "Suppliers",
    href: hrefOf({ page: "suppliers", band: Band.UNSPECIFIED }),
    pages: ["suppliers", "supplier"],
  },
  { name: "Weekly run", href: hrefOf({ page: "run", isoWeek: "" }), pages: ["run"] },
];

/** The navigation, and whether changes arrive automatically. */
export function Header({ place }: { place: Place }) {
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
          {LINKS.map(({ name, href, pages }) => (
            <a key={name} href={href} aria-current={pages.includes(place.page) ? "page" : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <LiveSign />
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
