/** Where the keyboard goes on when a row has no decision any more: at the next row that has one, else the one before, else the heading. */
export function nextControl(row: HTMLElement): HTMLElement | undefined {
  const rows = [...(row.parentElement?.querySelectorAll(":scope > [data-row]") ?? [])];
  const at = rows.indexOf(row);
  const others = [...rows.slice(at + 1), ...rows.slice(0, Math.max(at, 0)).reverse()];
  for (const one of others) {
    const control = one.querySelector<HTMLElement>("button[data-keep]");
    if (control) return control;
  }
  return document.querySelector<HTMLElement>("main h1") ?? undefined;
}

/** Whether the control that had the focus has gone. */
export function isFocusLost(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}
