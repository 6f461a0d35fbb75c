import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { ACTIVE_ALERTS, hrefOf, type Place } from "../route.ts";
import { focusHeading } from "./page.tsx";

const LINKS = [
  { name: "Alerts", href: hrefOf({ page: "alerts", filter: ACTIVE_ALERTS }), pages: ["alerts"] },
  {
    name: "Suppliers",
    href: hrefOf({ page: "suppliers", band: Band.UNSPECIFIED }),
    pages: ["suppliers", "supplier"],
  },
  { name: "Weekly run", href: hrefOf({ page: "run", isoWeek: "" }), pages: ["run"] },
];

/** Where one is, where one can go, and whether changes arrive by themselves. */
export function Header({ place, live }: { place: Place; live: boolean | undefined }) {
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
        <LiveSign live={live} />
      </div>
    </header>
  );
}

function LiveSign({ live }: { live: boolean | undefined }) {
  const words = live === undefined ? "Connecting" : live ? "Live" : "Reconnecting";
  const title = live ? "Changes show by themselves" : "Changes do not arrive at the moment; this page keeps trying";
  return (
    <span className="live" data-live={live === true} role="status" title={title}>
      {words}
    </span>
  );
}
