import { visibleText } from "@bellwether/reasons/visible-text";
import { type ReactNode, useEffect } from "react";
import { Name } from "./name.tsx";

interface PageProps {
  /** The title, which can be a name from outside. */
  readonly title: string;
  readonly extra?: ReactNode;
  /** Whether the page uses the whole window. */
  readonly isWide?: boolean;
  readonly children: ReactNode;
}

/** The frame of a page. Its title is the title of the browser tab too; the heading can receive the focus. */
export function Page({ title, extra, isWide = false, children }: PageProps) {
  useEffect(() => {
    document.title = `${visibleText(title)} · Bellwether`;
  }, [title]);
  return (
    <div className="page" data-wide={isWide}>
      <div className="page-head">
        <h1 tabIndex={-1}>
          <Name>{title}</Name>
        </h1>
        {extra}
      </div>
      {children}
    </div>
  );
}

/** Moves the focus to the heading of the page. Returns whether there is one. */
export function focusHeading(): boolean {
  const heading = document.querySelector<HTMLElement>("main h1");
  heading?.focus();
  return heading !== null;
}
