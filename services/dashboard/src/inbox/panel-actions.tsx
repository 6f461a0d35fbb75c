import { type Alert, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { useBlockedReason } from "../rpc/live.ts";
import { type Decision, isAllowed } from "./decision.ts";
import type { FormKind } from "./inbox-state.ts";

/** A button of the panel: the decision or the form, with its key. */
interface PanelAction {
  readonly name: string;
  readonly key: string;
  readonly kind: Decision["kind"];
  readonly act: { readonly decide: Decision } | { readonly open: FormKind };
}

const ACTIONS: readonly PanelAction[] = [
  { name: "Acknowledge", key: "a", kind: "acknowledge", act: { decide: { kind: "acknowledge" } } },
  { name: "In mitigation", key: "m", kind: "mitigate", act: { decide: { kind: "mitigate" } } },
  { name: "Resolve…", key: "r", kind: "resolve", act: { open: "resolve" } },
  { name: "Snooze…", key: "s", kind: "snooze", act: { open: "snooze" } },
  { name: "Hand over…", key: "h", kind: "assign", act: { open: "handOver" } },
  { name: "Comment…", key: "c", kind: "comment", act: { open: "comment" } },
  { name: "Override…", key: "", kind: "override", act: { open: "override" } },
  { name: "Open again", key: "", kind: "reopen", act: { decide: { kind: "reopen" } } },
];
const END_SNOOZE: Decision = { kind: "snooze", untilWorse: false };

interface PanelActionsProps {
  readonly alerts: readonly Alert[];
  readonly onDecide: (decision: Decision) => void;
  readonly onOpenForm: (kind: FormKind) => void;
}

const NOT_NOW = "Not possible in the present state";

/**
 * The buttons for one alert, or for all selected ones, each always in the same place: what a click does never depends
 * on the state of the alert that comes next. Buttons that are disabled stay focusable and show the reason. The second
 * click of a double click and a key that is held down do nothing: they would decide about the next alert.
 */
export function PanelActions({ alerts, onDecide, onOpenForm }: PanelActionsProps) {
  const blocked = useBlockedReason();
  const isAnySnoozed = alerts.some(({ snooze, state }) => snooze && state !== AlertState.RESOLVED);
  const isAnyResolved = alerts.some(({ state }) => state === AlertState.RESOLVED);
  const button = (name: string, key: string, act: () => void, why = blocked) => (
    <button
      key={name}
      type="button"
      title={why ?? (key ? `Key: ${key}` : undefined)}
      aria-keyshortcuts={key || undefined}
      aria-disabled={why !== undefined}
      onClick={({ detail }) => {
        if (detail < 2 && why !== NOT_NOW) act();
      }}
      onKeyDown={(event) => event.repeat && event.preventDefault()}
    >
      {name}
    </button>
  );
  return (
    <div className="panel-actions">
      {ACTIONS.filter(({ kind }) => kind !== "reopen" || isAnyResolved).map(({ name, key, kind, act }) =>
        button(
          name,
          key,
          () => ("open" in act ? onOpenForm(act.open) : onDecide(act.decide)),
          blocked ?? (alerts.some((alert) => isAllowed(kind, alert)) ? undefined : NOT_NOW),
        ),
      )}
      {isAnySnoozed && button("End the snooze", "", () => onDecide(END_SNOOZE))}
    </div>
  );
}
