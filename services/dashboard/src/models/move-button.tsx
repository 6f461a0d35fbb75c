import { visibleText } from "@bellwether/reasons/visible-text";
import { useId } from "react";
import { useBlockedReason } from "../rpc/live.ts";
import { useReader } from "../session/reader.ts";

interface MoveButtonProps {
  readonly text: string;
  /** Why the button cannot be used. Undefined: it can. */
  readonly why: string | undefined;
  readonly onClick: () => void;
}

/** A button of administrators that says why it cannot be used; a screen reader hears the reason with its name. */
export function MoveButton({ text, why, onClick }: MoveButtonProps) {
  const id = useId();
  const { mayAdminister } = useReader();
  const blocked = useBlockedReason();
  const role = mayAdminister ? undefined : "Only administrators may change the champion.";
  const reason = role ?? blocked ?? why;
  return (
    <span className="move">
      <button
        type="button"
        aria-disabled={reason !== undefined}
        aria-describedby={reason === undefined ? undefined : id}
        onClick={() => reason === undefined && onClick()}
      >
        {visibleText(text)}
      </button>
      {reason !== undefined && <small id={id}>{visibleText(reason)}</small>}
    </span>
  );
}
