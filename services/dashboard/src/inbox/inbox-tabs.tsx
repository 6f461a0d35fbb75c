import { AlertTab, type AlertTabCounts, WeekChange } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import type { InboxView } from "../routing/inbox-view.ts";
import { hrefOf } from "../routing/route.ts";
import { cappedText } from "./list-size.ts";

type CountName = Exclude<keyof AlertTabCounts, "$typeName" | "$unknown">;

const TABS: readonly (readonly [tab: AlertTab, name: string, count: CountName])[] = [
  [AlertTab.UNSPECIFIED, "All", "activeAlerts"],
  [AlertTab.MINE, "Mine", "myAlerts"],
  [AlertTab.NEW, "New", "newAlerts"],
  [AlertTab.WORSE, "Worse", "worseAlerts"],
  [AlertTab.SNOOZED, "Snoozed", "snoozedAlerts"],
  [AlertTab.DECIDED, "Decided", "decidedAlerts"],
];

/** What a view has instead of a tab. */
const NO_OTHER_LIST = { states: [], weekChange: WeekChange.UNSPECIFIED, changeWeek: "" };

/** The lists of the inbox with their numbers of alerts. Each is a link, because it is an address. */
export function InboxTabs({ view, counts }: { view: InboxView; counts: AlertTabCounts | undefined }) {
  const isShown = view.states.length === 0 && view.weekChange === WeekChange.UNSPECIFIED;
  return (
    <nav className="tabs" aria-label="Lists of alerts">
      {TABS.map(([tab, name, count]) => (
        <a
          key={name}
          href={hrefOf({ page: "alerts", view: { ...view, ...NO_OTHER_LIST, tab } })}
          aria-current={isShown && view.tab === tab ? "page" : undefined}
        >
          {name} <span className="count">{counts ? cappedText(counts[count]) : ""}</span>
        </a>
      ))}
    </nav>
  );
}
