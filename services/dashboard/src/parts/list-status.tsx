import type { ReactNode } from "react";
import { useBlockedReason } from "../rpc/live.ts";

interface ListStatusProps {
  /** What was done last, in words. */
  readonly done: string;
  readonly changes: number;
  /** There are more than `changes`. */
  readonly isMore: boolean;
  readonly onShow: () => void;
  readonly children?: ReactNode;
}

/** The line above a list: what was done, and what has changed. Its place is always there, so that it moves no row. */
export function ListStatus({ done, changes, isMore, onShow, children }: ListStatusProps) {
  const blocked = useBlockedReason();
  return (
    <div className="list-status">
      <div>
        <p className="done" role="status">
          {blocked ?? done}
        </p>
        {children}
        <ChangesButton changes={changes} isMore={isMore} onShow={onShow} />
      </div>
    </div>
  );
}

function ChangesButton({ changes, isMore, onShow }: Omit<ListStatusProps, "done" | "children">) {
  const words =
    isMore && changes === 0
      ? "Changes may have been missed"
      : isMore
        ? `More than ${changes} changes`
        : changes === 1
          ? "1 change"
          : `${changes} changes`;
  return (
    <span role="status">
      {(changes > 0 || isMore) && (
        <button
          type="button"
          className="primary"
          aria-keyshortcuts="."
          title="Show them in the list (key: .)"
          onClick={onShow}
        >
          {words}: show
        </button>
      )}
    </span>
  );
}
