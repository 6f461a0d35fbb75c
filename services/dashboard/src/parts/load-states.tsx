import { visibleText } from "@bellwether/reasons/visible-text";
import type { ReactNode } from "react";
import { isFinal, problemOf } from "../rpc/problem.ts";

/** Placeholder while something is loading. */
export function Loading({ what }: { what: string }) {
  return (
    <div className="notice" role="status" aria-busy="true">
      <span className="spinner" aria-hidden="true" />
      Loading {what}…
    </div>
  );
}

/** Placeholder for an empty list, with what the reader can do. */
export function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="notice">
      <strong>{title}</strong>
      <p>{children}</p>
    </div>
  );
}

interface FailureProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
  /** Whether the call only explains something, see `problemOf`. */
  readonly isExplanation?: boolean;
}

/** An error, and what the reader can do about it. */
export function Failure({ error, onRetry, isExplanation = false }: FailureProps) {
  const { title, wayOut } = problemOf(error, isExplanation);
  return (
    <div className="notice failure" role="alert">
      <strong>{title}</strong>
      <p>{visibleText(wayOut)}</p>
      {onRetry && !isFinal(error) && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
