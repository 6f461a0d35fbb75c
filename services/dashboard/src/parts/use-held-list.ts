import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { countChanges, countDifferences, useAlertChanges } from "../rpc/alert-changes.ts";

/** A list of alerts whose rows keep their places until its reader wants to see what has changed. */
export interface ListToHold {
  /** Tells this list from others. */
  readonly name: string;
  /** Rows in the order shown; undefined: not read yet. */
  readonly shown: readonly Alert[] | undefined;
  /** Whether an alert that is not shown belongs to the list. */
  readonly belongs: (alert: Alert) => boolean;
  /** Reads the list again and shows it; whether it could. */
  readonly reload: () => Promise<boolean>;
  /** Reads the first PEEK_SIZE rows of the list without showing them. */
  readonly peek: () => Promise<{ readonly alerts: readonly Alert[] }>;
}

export interface HeldList<E extends HTMLElement> {
  /** Encloses the rows: while the pointer or the focus is in it, nothing but the reader moves them. */
  readonly container: RefObject<E | null>;
  /** Changes that are not shown yet. */
  readonly changes: number;
  /** There are more than `changes`. */
  readonly isMore: boolean;
  readonly show: () => Promise<void>;
  /** "." shows the changes and leaves the focus where it is. */
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

/** Rows that are compared after a gap: the most that a page of the contract has. Of rows behind them changes may have been missed. */
export const PEEK_SIZE = 200;

/** Counts what has changed since a list was read. After a gap in the watch the list is read again; while its reader is in it, only compared. */
export function useHeldList<E extends HTMLElement>({ name, shown, belongs, reload, peek }: ListToHold): HeldList<E> {
  const changes = useAlertChanges();
  const container = useRef<E>(null);
  const position = useSyncExternalStore(changes.subscribe, changes.position);
  const readAt = useSyncExternalStore(changes.subscribe, () => changes.readAt(name)) ?? position;
  const [missed, setMissed] = useState(0);
  const [uncertain, setUncertain] = useState(false);
  const { alerts, truncated, gap } = changes.since(readAt);
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
      // The watch that comes back next makes another gap.
      .catch(() => {});
  }, [isRead, gap, position, changes, name]);
  useEffect(() => {
    if (!isRead) changes.setReadAt(name, changes.position());
  }, [isRead, changes, name]);
  const counted = shown ? Math.max(missed, countChanges(alerts, shown, belongs)) : 0;
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

/** The focused control may have gone with its row, or with the bar: the keyboard goes on at the first row. */
function restoreFocus(container: HTMLElement | null): void {
  if (focusIn(container)) return;
  container?.querySelector<HTMLElement>("[data-keep]")?.focus({ preventScroll: true });
}
