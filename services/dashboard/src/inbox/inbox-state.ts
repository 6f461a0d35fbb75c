import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";

/** A form of the side panel. */
export type FormKind = "resolve" | "snooze" | "handOver" | "comment" | "override";

/** An open form, with the alerts as the reader saw them when it was opened. */
export interface OpenForm {
  readonly kind: FormKind;
  readonly targets: readonly Alert[];
}

/** What the reader does in the inbox. */
export interface InboxState {
  /** Id of the alert that keys act on. Empty: none. */
  readonly activeId: string;
  /** Ids of the selected alerts, for an action on several. */
  readonly selected: ReadonlySet<string>;
  readonly isPanelOpen: boolean;
  readonly form: OpenForm | undefined;
}

export type InboxEvent =
  | { readonly type: "activate"; readonly alertId: string }
  | { readonly type: "openPanel"; readonly alertId?: string }
  | { readonly type: "toggle"; readonly alertId: string }
  | { readonly type: "select"; readonly alertIds: readonly string[] }
  | { readonly type: "openForm"; readonly form: OpenForm }
  | { readonly type: "closeForm" }
  | { readonly type: "closePanel" }
  /** Closes the form if one is open, otherwise the panel, otherwise clears the selection. */
  | { readonly type: "close" };

/** Returns the state at the beginning. `alertId`: the alert whose panel is open. Empty: none. */
export const initialInbox = (alertId: string): InboxState => ({
  activeId: alertId,
  selected: new Set(),
  isPanelOpen: alertId !== "",
  form: undefined,
});

/** Returns the state after an event. */
export function nextInbox(state: InboxState, event: InboxEvent): InboxState {
  switch (event.type) {
    case "activate":
      return state.activeId === event.alertId ? state : { ...state, activeId: event.alertId };
    case "openPanel":
      return openPanel(state, event.alertId ?? state.activeId);
    case "toggle": {
      const selected = new Set(state.selected);
      if (!selected.delete(event.alertId)) selected.add(event.alertId);
      return { ...state, selected };
    }
    case "select":
      return { ...state, selected: new Set(event.alertIds) };
    case "openForm":
      // The form for several alerts is in the place of the panel, which is not opened by it.
      return { ...state, form: event.form, isPanelOpen: state.isPanelOpen || event.form.targets.length < 2 };
    case "closeForm":
      return { ...state, form: undefined };
    case "closePanel":
      return state.isPanelOpen ? { ...state, isPanelOpen: false, form: undefined } : state;
    case "close":
      if (state.form) return { ...state, form: undefined };
      if (state.isPanelOpen) return { ...state, isPanelOpen: false };
      return state.selected.size > 0 ? { ...state, selected: new Set() } : state;
  }
}

/** A form that is open for another alert is closed; what was typed in it is kept. */
function openPanel(state: InboxState, activeId: string): InboxState {
  return { ...state, activeId, isPanelOpen: true, form: activeId === state.activeId ? state.form : undefined };
}

/** Returns the id of the row `step` rows after the active one. Without an active row: the first one. */
export function movedId(alerts: readonly Alert[], activeId: string, step: number): string {
  const at = alerts.findIndex(({ alertId }) => alertId === activeId);
  if (at === -1) return alerts[0]?.alertId ?? "";
  return alerts[Math.min(alerts.length - 1, Math.max(0, at + step))]?.alertId ?? "";
}

/**
 * Returns the id of the row that is selected after a decision: the next row that needs a decision, otherwise the
 * previous one, otherwise the same row.
 */
export function idAfterDecision(
  alerts: readonly Alert[],
  activeId: string,
  needsDecision: (alert: Alert) => boolean,
): string {
  const at = alerts.findIndex(({ alertId }) => alertId === activeId);
  const next = alerts.slice(at + 1).find(needsDecision) ?? alerts.slice(0, Math.max(0, at)).findLast(needsDecision);
  return next?.alertId ?? activeId;
}
