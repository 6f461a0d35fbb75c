import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { type KeyboardEvent, type RefObject, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { countChanges, countDifferences, useAlertChanges } from "../rpc/alert-changes.ts";

/** A list of alerts whose rows do not move until the reader asks for the changes. */
export interface ListToHold {
  /** Identifies the list. */
  readonly name: string;
  /** Rows in the order shown. Undefined: not loaded yet. */
  readonly shown: readonly Alert[] | undefined;
  /** Whether an alert that is not shown belongs to the list. */
  readonly belongs: (alert: Alert) => boolean;
  /** Loads the list again and shows it. Resolves with whether it succeeded. */
  readonly reload: () => Promise<boolean>;
  /** Loads the first PEEK_SIZE rows of the list without showing them. */
  readonly peek: () => Promise<{ readonly alerts: readonly Alert[] }>;
}

export interface HeldList<E extends HTMLElement> {
  /**
   * The element that contains the rows. While the pointer or the focus is in it, only the reader can change
   * the rows.
   */
  readonly container: RefObject<E | null>;
  /** Number of changes that are not shown yet. */
  readonly changes: number;
  /** Whether there are more changes than `changes`. */
  readonly isMore: boolean;
  readonly show: () => Promise<void>;
  /** The key "." shows the changes, and the focus stays where it is. */
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

/**
 * After an interruption of the watch, this number of rows is loaded again and compared: the maximum page size
 * of the contract. Changes of later rows can be missed.
 */
export const PEEK_SIZE = 200;

/**
 * Counts the changes since a list was loaded. After an interruption of the watch, changes may have been
 * missed. The list is then loaded again, or, while the pointer or the focus is in the list, only compared.
 */
export function useHeldList<E extends HTMLElement>({ name, shown, belongs, reload, peek }: ListToHold): HeldList<E> {
  const changes = useAlertChanges();
  const container = useRef<E>(null);
  const position = useSyncExternalStore(changes.subscribe, changes.position);
  const readAt = useSyncExternalStore(changes.subscribe, () => changes.readAt(name)) ?? position;
  const [missed, setMissed] = useState(0);
  const [uncertain, setUncertain] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the position says when there are other changes
  const { alerts, truncated, gap } = useMemo(() => changes.since(readAt), [changes, readAt, position]);
  const isRead = shown !== undefined;
  const show = async (): Promise<void> => {
    const at = changes.position();
    const focused = focusIn(container.current);
    if (!(await reload())) return;
    changes.setReadAt(name, at);
    setMissed(0);
    setUncertain(false);
    if (focused) queueMicrotask(() => restoreFocus(container.current));
  };
  const latest = useRef({ show, peek, shown });
  latest.current = { show, peek, shown };
  useEffect(() => {
    if (!isRead || !gap) return;
    if (!isEngaged(container.current)) return void latest.current.show();
    const at = position;
    void latest.current
      .peek()
      .then(({ alerts: fresh }) => {
        const now = latest.current.shown ?? [];
        setMissed(countDifferences(fresh, now));
        setUncertain(now.length > PEEK_SIZE);
        changes.setReadAt(name, at);
      })
      // If the load fails, the list is loaded again after the next interruption of the watch.
      .catch(() => {});
  }, [isRead, gap, position, changes, name]);
  useEffect(() => {
    if (!isRead) changes.setReadAt(name, changes.position());
  }, [isRead, changes, name]);
  const changed = useMemo(() => (shown ? countChanges(alerts, shown, belongs) : 0), [alerts, shown, belongs]);
  const counted = shown ? Math.max(missed, changed) : 0;
  return {
    ...{ container, changes: counted, isMore: truncated || uncertain, show },
    onKeyDown(event) {
      const isTyping = event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement;
      if (event.key === "." && !isTyping && (counted > 0 || truncated || uncertain)) void show();
    },
  };
}

function isEngaged(container: HTMLElement | null): boolean {
  return container !== null && (container.matches(":hover") || focusIn(container));
}

function focusIn(container: HTMLElement | null): boolean {
  return container?.contains(document.activeElement) ?? false;
}

/**
 * Moves the focus to the first row when the focused control was removed together with its row or with the bar
 * of changes.
 */
function restoreFocus(container: HTMLElement | null): void {
  if (focusIn(container)) return;
  container?.querySelector<HTMLElement>("[data-keep]")?.focus({ preventScroll: true });
}
