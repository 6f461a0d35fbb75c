/**
 * Returns the control that gets the focus after a row has lost its buttons: a button of the next row that has
 * buttons, otherwise of the previous one, otherwise the heading.
 */
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

/** Whether the control that had the focus was removed. */
export function isFocusLost(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}
