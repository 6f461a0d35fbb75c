import { type ReactNode, useEffect } from "react";

/** The frame of a page. Its title is the title of the browser tab too; the heading can receive the focus. */
export function Page({ title, extra, children }: { title: string; extra?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Bellwether`;
  }, [title]);
  return (
    <div className="page">
      <div className="page-head">
        <h1 tabIndex={-1}>{title}</h1>
        {extra}
      </div>
      {children}
    </div>
  );
}

/** Moves the focus to the heading of the page. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>("main h1")?.focus();
}
