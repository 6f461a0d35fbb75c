import { countOf } from "./format.ts";

interface ChangesButtonProps {
  readonly changes: number;
  /** Whether there are more changes than `changes`. */
  readonly isMore: boolean;
  readonly onShow: () => void;
}

/** The number of changes that a list does not show yet, as a button that shows them. */
export function ChangesButton({ changes, isMore, onShow }: ChangesButtonProps) {
  const words =
    isMore && changes === 0
      ? "Changes may have been missed"
      : isMore
        ? `More than ${countOf(changes, "change")}`
        : countOf(changes, "change");
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
