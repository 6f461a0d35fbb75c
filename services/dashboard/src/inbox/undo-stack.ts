import { UNDO_MS } from "@bellwether/contract/undo-time";
import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";

/** Maximum number of actions that are kept. */
const MAX_ACTIONS = 50;

/** An action that can be undone: the alerts after it, with their versions. */
export interface UndoableAction {
  readonly words: string;
  readonly alerts: readonly Alert[];
  /** When the action was performed, milliseconds since 1970. */
  readonly atMs: number;
}

/** Returns the actions with one more, without those that are too old. The latest action is the last. */
export function withAction(stack: readonly UndoableAction[], action: UndoableAction): UndoableAction[] {
  return [...stack.filter(({ atMs }) => action.atMs - atMs < UNDO_MS), action].slice(-MAX_ACTIONS);
}

/**
 * Returns the actions after one on the alerts `changed`. Actions whose alerts have all changed since are removed: their
 * undo would fail.
 * @param action the new action. Undefined: it cannot be undone
 */
export function afterAction(
  stack: readonly UndoableAction[],
  changed: readonly Pick<Alert, "alertId">[],
  action: UndoableAction | undefined,
): readonly UndoableAction[] {
  const ids = new Set(changed.map(({ alertId }) => alertId));
  const left = stack.filter(({ alerts }) => alerts.some(({ alertId }) => !ids.has(alertId)));
  return action ? withAction(left, action) : left;
}

/** Returns the latest action that can still be undone. */
export function lastUndoable(stack: readonly UndoableAction[], nowMs: number): UndoableAction | undefined {
  const last = stack.at(-1);
  return last && nowMs - last.atMs < UNDO_MS ? last : undefined;
}
