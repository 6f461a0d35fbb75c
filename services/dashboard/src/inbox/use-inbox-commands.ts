import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { type Dispatch, useEffect, useRef } from "react";
import { useReader } from "../session/reader.ts";
import { alertsWords, type Decision, isAllowed } from "./decision.ts";
import { commandOf, controlKindOf, type InboxCommand } from "./inbox-keys.ts";
import { type FormKind, type InboxEvent, type InboxState, idAfterDecision, movedId } from "./inbox-state.ts";
import type { Decisions } from "./use-decisions.ts";

/** What the commands of the inbox act on. */
export interface CommandContext {
  readonly alerts: readonly Alert[];
  /** The alert that keys act on. Undefined: it is not in the list. */
  readonly active: Alert | undefined;
  readonly belongs: (alert: Alert) => boolean;
  readonly state: InboxState;
  readonly dispatch: Dispatch<InboxEvent>;
  readonly decisions: Decisions;
  readonly areLettersOn: boolean;
  readonly onShowChanges: () => void;
  readonly onSearch: () => void;
  readonly onHelp: () => void;
  readonly onExport: () => void;
  /** Moves the focus to the list. */
  readonly focusList: () => void;
}

/** The actions of the reader, by key or by button. */
export interface InboxCommands {
  /** Sends a decision about the selected alerts, else about the active one. */
  readonly decide: (decision: Decision, alerts?: readonly Alert[]) => Promise<void>;
  /** Opens a form for the selected alerts, else for the active one. */
  readonly openForm: (kind: FormKind, alerts?: readonly Alert[]) => void;
  /** Closes the form after its decision was carried out. */
  readonly finishForm: () => void;
}

const NO_ROLE = "Your role allows you to read alerts, but not to decide about them.";
const FORM_KINDS: Readonly<Record<FormKind, Decision["kind"]>> = {
  resolve: "resolve",
  snooze: "snooze",
  handOver: "assign",
  comment: "comment",
  override: "override",
};

/** Returns the actions of the inbox, and carries out its keys while the page is shown. */
export function useInboxCommands(context: CommandContext): InboxCommands {
  const { mayDecide } = useReader();
  const { alerts, belongs, state, dispatch, decisions, focusList } = context;
  const { active } = context;
  const targets = (): Alert[] => {
    if (state.selected.size > 0) {
      const selected = alerts.filter(({ alertId }) => state.selected.has(alertId));
      if (selected.length > 0) return selected;
    }
    return active ? [active] : [];
  };

  /** Goes to the next row after a decision about the active one, or clears the selection. */
  const goOn = (decided: readonly Alert[]): void => {
    if (state.selected.size > 0) dispatch({ type: "select", alertIds: [] });
    else if (decided.length === 1 && decided[0]?.alertId === state.activeId) {
      const next = idAfterDecision(alerts, state.activeId, belongs);
      dispatch({ type: "activate", alertId: next });
    }
  };

  const allowed = (kind: Decision["kind"], chosen: readonly Alert[]): Alert[] => {
    if (!mayDecide) {
      decisions.say(NO_ROLE);
      return [];
    }
    const able = chosen.filter((alert) => isAllowed(kind, alert));
    if (able.length === 0 && chosen.length > 0) {
      decisions.say(`Not possible in the present state: ${alertsWords(chosen)}.`);
    }
    return able;
  };

  const decide = async (decision: Decision, chosen: readonly Alert[] = targets()): Promise<void> => {
    const able = allowed(decision.kind, chosen);
    if (able.length === 0) return;
    goOn(able);
    const { failed } = await decisions.decide(able, decision);
    if (failed.length > 0 && able.length > 1) {
      dispatch({ type: "select", alertIds: failed.map(({ alertId }) => alertId) });
    }
  };
  const openForm = (kind: FormKind, chosen: readonly Alert[] = targets()): void => {
    const able = allowed(FORM_KINDS[kind], chosen);
    if (able.length > 0) dispatch({ type: "openForm", form: { kind, targets: able } });
  };
  const finishForm = (): void => {
    const decided = state.form?.targets ?? [];
    dispatch({ type: "closeForm" });
    if (state.form?.kind !== "comment") goOn(decided);
    focusList();
  };

  const move = (step: number): void => {
    dispatch({ type: "activate", alertId: movedId(alerts, state.activeId, step) });
  };
  const toggleActive = (): void => {
    if (state.activeId && mayDecide) dispatch({ type: "toggle", alertId: state.activeId });
  };
  const toggleAll = (): void => {
    const all = alerts.filter(belongs).map(({ alertId }) => alertId);
    if (mayDecide) dispatch({ type: "select", alertIds: state.selected.size > 0 ? [] : all });
  };
  const run: Readonly<Record<InboxCommand, () => void>> = {
    next: () => move(1),
    previous: () => move(-1),
    first: () => move(Number.NEGATIVE_INFINITY),
    last: () => move(Number.POSITIVE_INFINITY),
    open: () => state.activeId && dispatch({ type: "openPanel" }),
    close: () => {
      focusList();
      dispatch({ type: "close" });
    },
    acknowledge: () => void decide({ kind: "acknowledge" }),
    mitigate: () => void decide({ kind: "mitigate" }),
    resolve: () => openForm("resolve"),
    snooze: () => openForm("snooze"),
    handOver: () => openForm("handOver"),
    comment: () => openForm("comment"),
    select: toggleActive,
    selectAll: toggleAll,
    undo: () => void decisions.undoLast(),
    search: context.onSearch,
    showChanges: context.onShowChanges,
    export: context.onExport,
    help: context.onHelp,
  };

  const latest = useRef({ run, areLettersOn: context.areLettersOn });
  latest.current = { run, areLettersOn: context.areLettersOn };
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
      const { key, repeat, target } = event;
      const hasModifier = event.ctrlKey || event.altKey || event.metaKey;
      const press = { key, repeat, hasModifier, in: controlKindOf(target) };
      const command = commandOf(press, latest.current.areLettersOn);
      if (!command) return;
      event.preventDefault();
      latest.current.run[command]();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
  return { decide, openForm, finishForm };
}
