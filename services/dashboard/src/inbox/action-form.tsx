import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { type FormEvent, type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useBlockedReason } from "../rpc/live.ts";
import { isOutcomeUnknown, problemOf, UNKNOWN_OUTCOME } from "../rpc/problem.ts";
import { alertsWords, type Decision, isAllowed } from "./decision.ts";
import type { DecisionResult } from "./use-decisions.ts";

/** What every form of the side panel gets. */
export interface FormProps {
  /** The alerts as the reader saw them when the form was opened. */
  readonly targets: readonly Alert[];
  readonly decide: (alerts: readonly Alert[], decision: Decision) => Promise<DecisionResult>;
  /** Called when the decision was carried out for all alerts, or for all that still allow it. */
  readonly onDone: () => void;
  readonly onCancel: () => void;
}

interface ActionFormProps extends FormProps {
  /** The action, as the title of the form and as its button: "Resolve". */
  readonly action: string;
  /** Returns the decision of the form's fields. Undefined: a field is not valid. */
  readonly decision: () => Decision | undefined;
  /** Called after the decision was sent: its text is no longer needed. */
  readonly onSent?: () => void;
  readonly children: ReactNode;
}

/**
 * The frame of a form in the side panel. If somebody else has changed the alert in the meantime, the form says who
 * did what, keeps everything that was typed, and can be sent again for the present alert. In a list of radio buttons,
 * the keys 1 to 9 choose one.
 */
export function ActionForm(props: ActionFormProps) {
  const { action, decision, decide, onDone, onCancel, onSent, children } = props;
  const title = useId();
  const form = useRef<HTMLFormElement>(null);
  const blocked = useBlockedReason();
  const [targets, setTargets] = useState(props.targets);
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const field = form.current?.querySelector<HTMLElement>("[data-first], input:checked, input, textarea, select");
    field?.focus({ preventScroll: true });
  }, []);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const chosen = decision();
    if (blocked !== undefined || isSending) return;
    if (chosen === undefined) return setProblem("Nothing was sent: a choice or a text is missing.");
    setSending(true);
    const { failed, error } = await decide(targets, chosen);
    setSending(false);
    if (error !== undefined) {
      const { title: what, wayOut } = problemOf(error);
      if (!isOutcomeUnknown(error)) return setProblem(`${what}. ${wayOut} What you typed is kept.`);
      return setProblem(`${UNKNOWN_OUTCOME}. ${what}. ${wayOut} Sent again from here, it is done once.`);
    }
    if (failed.length === 0) {
      onSent?.();
      return onDone();
    }
    const words = `${failed[0]?.words.replace(/\.$/, "") ?? ""}.`;
    // A value that the server rejects is rejected for the present alert, too: the reader has to change it.
    if (failed.every(({ isRejected }) => isRejected)) {
      setTargets(targets.filter(({ alertId }) => failed.some((one) => one.alertId === alertId)));
      return setProblem(`${words} What you typed is kept.`);
    }
    const now = failed.flatMap(({ alert }) => alert ?? []).filter((alert) => isAllowed(chosen.kind, alert));
    const others = failed.length > 1 ? ` ${failed.length - 1} more failed.` : "";
    const wayOut =
      now.length > 0
        ? ` What you typed is kept: ${action.toLowerCase()} ${now.length === 1 ? "it" : `these ${now.length}`} as it is now?`
        : " Nothing is left to decide here. What you typed is kept until you cancel.";
    setProblem(`${words}${others}${wayOut}`);
    setTargets(now);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.stopPropagation();
      onCancel();
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.current?.requestSubmit();
    const { target } = event;
    if (target instanceof HTMLInputElement && target.type === "radio" && form.current)
      form.current.querySelectorAll<HTMLInputElement>("input[type=radio]")[Number(event.key) - 1]?.click();
  };
  return (
    <form ref={form} className="action-form" aria-labelledby={title} onSubmit={submit} onKeyDown={onKeyDown}>
      <h3 id={title}>
        {action}: <bdi>{visibleText(alertsWords(props.targets))}</bdi>
      </h3>
      {children}
      {(blocked ?? problem) && (
        <p className="problem" role="alert">
          {blocked ?? visibleText(problem)}
        </p>
      )}
      <div className="dialog-actions">
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
        <button
          type="submit"
          className="primary"
          aria-disabled={isSending || blocked !== undefined || targets.length === 0}
        >
          {action}
        </button>
      </div>
    </form>
  );
}

/** Returns the name under which the text of a form is stored. */
export const draftName = (kind: string, targets: readonly Alert[]): string =>
  `${kind}/${targets.length === 1 ? targets[0]?.alertId : "several"}`;
