import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService, type DecideAlertsResponse } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useBlockedReason } from "../rpc/live.ts";
import { isOutcomeUnknown, problemOf, UNKNOWN_OUTCOME } from "../rpc/problem.ts";
import { showDecided } from "../rpc/show-decided.ts";
import { actionOf, alertsWords, canBeUndone, type Decision, decisionWords } from "./decision.ts";
import { afterAction, lastUndoable, type UndoableAction } from "./undo-stack.ts";
import { whoChanged } from "./who-changed.ts";

/** Maximum number of actions in one call of the contract. */
const MAX_ACTIONS = 200;
const NOTHING_OPEN = { called: [], unsent: [] };

/** What became of a decision. */
export interface DecisionResult {
  /** The alerts in their new state. */
  readonly decided: readonly Alert[];
  /** The alerts for which the decision failed, as they are now where the server returned them. */
  readonly failed: readonly FailedAction[];
  /** Why not every alert has a result. Undefined: each has one. */
  readonly error: unknown;
  /** The alerts of the call that failed with `error`, and those after it, which were not sent. */
  readonly open: { readonly called: readonly Alert[]; readonly unsent: readonly Alert[] };
}

export interface FailedAction {
  readonly alertId: string;
  /** The present alert. Undefined: the alert does not exist. */
  readonly alert: Alert | undefined;
  /** Whether somebody changed the alert after the reader saw it. */
  readonly isStale: boolean;
  /** Whether the server rejects a value of the decision, for this version of the alert and for every other. */
  readonly isRejected: boolean;
  /** Why, in a sentence without a full stop. */
  readonly words: string;
}

/** The decisions of the reader, and their results. */
export interface Decisions {
  /** Sends a decision about one or several alerts, each with the version that the reader saw. */
  readonly decide: (alerts: readonly Alert[], decision: Decision) => Promise<DecisionResult>;
  /** Undoes the action `undoable`. */
  readonly undo: () => Promise<void>;
  /**
   * Undoes the last action of the last 60 seconds. When it cannot be undone, as a comment, the reader is told what the
   * next call undoes instead.
   */
  readonly undoLast: () => Promise<void>;
  /** The result of the last action in words. */
  readonly done: string;
  readonly say: (words: string) => void;
  /** The last action that can be undone, with the time of it. */
  readonly undoable: UndoableAction | undefined;
  /** Number of decisions that were sent. */
  readonly count: number;
}

/**
 * Returns the functions that send decisions. A decision that the server rejected because the alert changed
 * says who changed it, and the lists show the alert as it is now.
 */
export function useDecisions(): Decisions {
  const transport = useTransport();
  const queries = useQueryClient();
  const blocked = useBlockedReason();
  const [done, setDone] = useState("");
  const [stack, setStack] = useState<readonly UndoableAction[]>([]);
  const [count, setCount] = useState(0);
  const inProgress = useRef(new Set<string>());
  const isLastFinal = useRef(false);

  const send = async (alerts: readonly Alert[], decision: Decision): Promise<DecisionResult> => {
    const [decided, failed]: [Alert[], FailedAction[]] = [[], []];
    let from = 0;
    try {
      for (; from < alerts.length; from += MAX_ACTIONS) {
        const part = alerts.slice(from, from + MAX_ACTIONS);
        const actions = part.map((alert) => actionOf(alert, decision));
        const answer = await callUnaryMethod(transport, AlertService.method.decideAlerts, { actions });
        sort(answer, part, decided, failed);
      }
      return { decided, failed, error: undefined, open: NOTHING_OPEN };
    } catch (error) {
      const to = from + MAX_ACTIONS;
      return { decided, failed, error, open: { called: alerts.slice(from, to), unsent: alerts.slice(to) } };
    }
  };

  /** Shows alerts as they are now, one after the other, until a read fails. The watch brings the others. */
  const readAgain = async (alerts: readonly Alert[]): Promise<void> => {
    for (const { alertId } of alerts) {
      const read = await callUnaryMethod(transport, AlertService.method.getAlert, { alertId }).catch(() => undefined);
      if (!read?.alert) return;
      showDecided(queries, [read.alert]);
    }
  };

  const decide = async (alerts: readonly Alert[], decision: Decision): Promise<DecisionResult> => {
    const waiting = alerts.filter(({ alertId }) => !inProgress.current.has(alertId));
    if (blocked !== undefined || waiting.length === 0) {
      if (blocked !== undefined) setDone(blocked);
      return { decided: [], failed: [], error: undefined, open: NOTHING_OPEN };
    }
    for (const { alertId } of waiting) inProgress.current.add(alertId);
    const result = await send(waiting, decision);
    for (const { alertId } of waiting) inProgress.current.delete(alertId);
    setCount((before) => before + 1);
    const { decided, failed } = result;
    const words = resultWords(waiting, decision, result);
    setDone(words);
    if (decided.length > 0) {
      isLastFinal.current = decision.kind === "comment";
      const action = canBeUndone(decision) ? { words, alerts: decided, atMs: Date.now() } : undefined;
      setStack((before) => afterAction(before, decided, action));
    }
    showDecided(queries, [...decided, ...failed.flatMap(({ alert }) => alert ?? [])]);
    if (isOutcomeUnknown(result.error)) void readAgain(result.open.called);
    return result;
  };

  const undo = async (): Promise<void> => {
    const last = lastUndoable(stack, Date.now());
    if (!last) return setDone("Nothing to undo: no action of the last 60 seconds is left.");
    const { error } = await decide(last.alerts, { kind: "undo" });
    // Without an answer, the same undo can be sent again.
    if (error === undefined) setStack((before) => before.filter((one) => one !== last));
  };
  const undoLast = async (): Promise<void> => {
    if (!isLastFinal.current) return undo();
    isLastFinal.current = false;
    const before = lastUndoable(stack, Date.now());
    setDone(
      `A comment cannot be undone.${before ? ` Press u again to undo “${before.words.replace(/\.$/, "")}”.` : ""}`,
    );
  };

  return { decide, done, say: setDone, count, undoable: stack.at(-1), undo, undoLast };
}

function sort(
  { results }: DecideAlertsResponse,
  sent: readonly Alert[],
  decided: Alert[],
  failed: FailedAction[],
): void {
  const seen = new Map(sent.map((alert) => [alert.alertId, alert]));
  for (const { alertId, alert, error } of results) {
    if (!error) {
      if (alert) decided.push(alert);
      continue;
    }
    const isStale = error.code === "ABORTED" || error.reason === "ALERT_RESOLVED" || error.reason === "ALERT_STATE";
    const words = isStale && alert ? whoChanged(seen.get(alertId), alert, Date.now()) : error.message;
    failed.push({ alertId, alert, isStale, isRejected: error.code === "INVALID_ARGUMENT", words });
  }
}

/** Returns the result of a decision in words. */
function resultWords(alerts: readonly Alert[], decision: Decision, result: DecisionResult): string {
  const { decided, failed, error, open } = result;
  const parts: string[] = [];
  if (decided.length > 0) parts.push(`${decisionWords(decision)}: ${alertsWords(decided)}.`);
  const [first] = failed;
  if (first) {
    const failedAlerts = alerts.filter(({ alertId }) => failed.some((one) => one.alertId === alertId));
    parts.push(`Not changed: ${alertsWords(failedAlerts)}. ${first.words.replace(/\.$/, "")}.`);
  }
  if (error !== undefined) {
    const { called, unsent } = open;
    if (isOutcomeUnknown(error)) {
      parts.push(`${UNKNOWN_OUTCOME}: ${alertsWords(called)}.`);
      if (unsent.length > 0) parts.push(`Not sent: ${alertsWords(unsent)}.`);
    } else parts.push(`Not sent: ${alertsWords([...called, ...unsent])}.`);
    const { title, wayOut } = problemOf(error);
    parts.push(`${title}. ${wayOut}`);
  }
  return parts.join(" ");
}
