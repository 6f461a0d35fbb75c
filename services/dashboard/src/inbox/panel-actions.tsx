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

/**
 * The buttons for one alert, or for all selected ones. Actions that none of them allows are not shown. When the
 * browser is offline, the buttons stay focusable and show the reason why they are disabled.
 */
export function PanelActions({ alerts, onDecide, onOpenForm }: PanelActionsProps) {
  const blocked = useBlockedReason();
  const isAnySnoozed = alerts.some(({ snooze, state }) => snooze && state !== AlertState.RESOLVED);
  const button = (name: string, key: string, act: () => void) => (
    <button
      key={name}
      type="button"
      title={blocked ?? (key ? `Key: ${key}` : undefined)}
      aria-keyshortcuts={key || undefined}
      aria-disabled={blocked !== undefined}
      onClick={act}
    >
      {name}
    </button>
  );
  return (
    <div className="panel-actions">
      {ACTIONS.filter(({ kind }) => alerts.some((alert) => isAllowed(kind, alert))).map(({ name, key, act }) =>
        button(name, key, () => ("open" in act ? onOpenForm(act.open) : onDecide(act.decide))),
      )}
      {isAnySnoozed && button("End the snooze", "", () => onDecide(END_SNOOZE))}
    </div>
  );
}
