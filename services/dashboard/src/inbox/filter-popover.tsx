import { type Alert, AlertTrend } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertOwnership } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import * as Popover from "@radix-ui/react-popover";
import { type FormEvent, useState } from "react";
import { Choice } from "../parts/choice.tsx";
import { ACTIVE_ALERTS, type InboxView } from "../routing/inbox-view.ts";
import { isIn, type OpenedBy } from "./opened-by.ts";

type TextCondition = "owner" | "region" | "category" | "ruleId" | "modelName" | "isoWeek";

const TEXTS: readonly (readonly [name: TextCondition, title: string, readValue: (alert: Alert) => string])[] = [
  ["owner", "Owner", ({ owner }) => owner],
  ["region", "Region", ({ region }) => region],
  ["category", "Category", ({ category }) => category],
  ["ruleId", "Rule", ({ ruleId }) => ruleId],
  ["modelName", "Model", ({ modelName }) => modelName],
  ["isoWeek", "Week, for example 2026-W47", ({ lastWeek }) => lastWeek],
];
const TRENDS: readonly (readonly [trend: AlertTrend, name: string])[] = [
  [AlertTrend.UNSPECIFIED, "Any"],
  [AlertTrend.NEW, "New this week"],
  [AlertTrend.WORSE, "Worse"],
  [AlertTrend.BETTER, "Better"],
  [AlertTrend.SAME, "The same"],
];
const OWNERSHIPS: readonly (readonly [ownership: AlertOwnership, name: string])[] = [
  [AlertOwnership.UNSPECIFIED, "All"],
  [AlertOwnership.MINE, "Mine"],
  [AlertOwnership.NOBODY, "Without owner"],
];
/** Maximum number of values that are suggested for a condition. */
const MAX_SUGGESTED = 50;

interface FilterPopoverProps extends OpenedBy {
  readonly view: InboxView;
  readonly alerts: readonly Alert[];
  readonly onShow: (change: Partial<InboxView>) => void;
}

/** The further conditions of the list. */
export default function FilterPopover({ view, alerts, onShow, button, onClose }: FilterPopoverProps) {
  const [chosen, setChosen] = useState(view);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onShow(chosen);
    onClose();
  };
  return (
    <Popover.Root open onOpenChange={(isOpen) => isOpen || onClose()}>
      <Popover.Anchor virtualRef={{ current: button.current ?? document.body }} />
      <Popover.Portal>
        <Popover.Content
          className="popover"
          aria-label="Filters"
          align="start"
          sideOffset={6}
          collisionPadding={8}
          onInteractOutside={(event) => isIn(button, event.target) && event.preventDefault()}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            button.current?.focus();
          }}
        >
          <form onSubmit={submit}>
            {TEXTS.map(([name, title, readValue]) => (
              <label key={name} className="note">
                {title}
                <input
                  type="text"
                  list={`values-${name}`}
                  autoComplete="off"
                  value={chosen[name]}
                  onChange={(event) => setChosen({ ...chosen, [name]: event.target.value })}
                />
                <datalist id={`values-${name}`}>
                  {valuesOf(alerts, readValue).map((value) => (
                    <option key={value} value={value} />
                  ))}
                </datalist>
              </label>
            ))}
            <Choice
              title="Change since the week before"
              options={TRENDS}
              value={chosen.trend}
              onChange={(trend) => setChosen({ ...chosen, trend })}
            />
            <Choice
              title="Owned by"
              options={OWNERSHIPS}
              value={chosen.ownership}
              onChange={(ownership) => setChosen({ ...chosen, ownership })}
            />
            <div className="dialog-actions">
              <button
                type="button"
                onClick={() => {
                  onShow({ ...ACTIVE_ALERTS, tab: view.tab, order: view.order });
                  onClose();
                }}
              >
                Clear
              </button>
              <button type="submit" className="primary">
                Show
              </button>
            </div>
          </form>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

const valuesOf = (alerts: readonly Alert[], readValue: (alert: Alert) => string): string[] =>
  [...new Set(alerts.map(readValue))].filter(Boolean).sort().slice(0, MAX_SUGGESTED);
