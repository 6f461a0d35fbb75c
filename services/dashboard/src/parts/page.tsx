import { type ReactNode, useEffect } from "react";

/** A page's frame. Its title stands in the tab too; the heading can take the focus. */
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

/** Puts the focus on the heading of the page. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>("main h1")?.focus();
}
