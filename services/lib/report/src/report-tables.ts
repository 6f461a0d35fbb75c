import { count } from "./figures.ts";
import { type Markup, type MarkupValue, markup, NOTHING } from "./markup.ts";

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => MarkupValue;
  readonly isNumber?: boolean;
}

/** What a table has besides its rows. */
interface TableOptions {
  /** The text instead of a table without rows. */
  readonly empty?: string;
  /** Cells of a last row that adds up the others. */
  readonly total?: readonly MarkupValue[];
}

/** Renders a table with a caption. It scrolls by itself where the window is narrower. */
export function table<Row>(
  caption: string,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { empty = "None.", total }: TableOptions = {},
): Markup {
  if (rows.length === 0) return markup`<p class="quiet">${caption}: ${empty}</p>`;
  const head = columns.map(({ title, isNumber }) =>
    isNumber ? markup`<th scope="col" class="number">${title}</th>` : markup`<th scope="col">${title}</th>`,
  );
  const cellOf = (value: MarkupValue, isNumber = false): Markup =>
    isNumber ? markup`<td class="number">${value}</td>` : markup`<td>${value}</td>`;
  const body = rows.map(
    (row) => markup`<tr>${columns.map(({ cell, isNumber }) => cellOf(cell(row), isNumber))}</tr>\n`,
  );
  const foot =
    total === undefined
      ? NOTHING
      : markup`<tfoot><tr>${total.map((value, i) => cellOf(value, columns[i]?.isNumber))}</tr></tfoot>`;
  return markup`<div class="wide" role="region" aria-label="${caption}" tabindex="0"><table><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>\n${body}</tbody>${foot}</table></div>\n`;
}

/** Renders a section with its heading. */
export function section(title: string, ...content: readonly Markup[]): Markup {
  return markup`<section><h2>${title}</h2>\n${content}</section>\n`;
}

/** A sentence about the entries that a list does not show; nothing when it shows all. */
export function leftOut({ count: all, entries }: { readonly count: number; readonly entries: readonly unknown[] }) {
  const more = all - entries.length;
  return more > 0 ? markup`<p class="quiet">${count(more)} more are not listed.</p>` : NOTHING;
}
