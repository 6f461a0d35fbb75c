import type { ReactNode } from "react";
import { useBlockedReason } from "../rpc/live.ts";

interface ListStatusProps {
  /** The result of the last action, in words. */
  readonly done: string;
  readonly changes: number;
  /** Whether there are more changes than `changes`. */
  readonly isMore: boolean;
  readonly onShow: () => void;
  readonly children?: ReactNode;
}

/**
 * The line above a list: the result of the last action, and the number of changes. Its space is always
 * reserved, so that it moves no row.
 */
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
