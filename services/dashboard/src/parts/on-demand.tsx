import { type ReactNode, Suspense, useState } from "react";
import { LoadBoundary } from "./load-boundary.tsx";
import { Loading } from "./load-states.tsx";

interface OnDemandProps {
  readonly title: string;
  /** Name of what is loaded, for "Loading …". */
  readonly what: string;
  readonly children: ReactNode;
}

/** A part that is loaded and requested when the reader opens it. */
export function OnDemand({ title, what, children }: OnDemandProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      {isOpen && (
        <LoadBoundary place={title}>
          <Suspense fallback={<Loading what={what} />}>{children}</Suspense>
        </LoadBoundary>
      )}
    </details>
  );
}
