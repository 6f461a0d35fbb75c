import { UNDO_MS } from "@bellwether/contract/undo-time";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useEffect, useState } from "react";
import { useBlockedReason } from "../rpc/live.ts";
import type { UndoableAction } from "./undo-stack.ts";

interface UndoLineProps {
  /** The result of the last action in words. */
  readonly done: string;
  readonly undoable: UndoableAction | undefined;
  readonly onUndo: () => void;
}

/** The result of the last action, and for 60 seconds a button that undoes it. Its space is always reserved. */
export function UndoLine({ done, undoable, onUndo }: UndoLineProps) {
  const blocked = useBlockedReason();
  const [nowMs, setNowMs] = useState(Date.now());
  const endsMs = undoable ? undoable.atMs + UNDO_MS : 0;
  useEffect(() => {
    if (endsMs <= Date.now()) return;
    const timer = setTimeout(() => setNowMs(Date.now()), endsMs - Date.now());
    return () => clearTimeout(timer);
  }, [endsMs]);
  return (
    <p className="done">
      <span role="status">{blocked ?? visibleText(done)}</span>
      {undoable && Math.max(nowMs, undoable.atMs) < endsMs && (
        <button type="button" aria-keyshortcuts="u" title="Within 60 seconds (key: u)" onClick={onUndo}>
          {undoable.words === done ? "Undo" : `Undo “${visibleText(undoable.words)}”`}
        </button>
      )}
    </p>
  );
}
