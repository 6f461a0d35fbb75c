import { type Markup, type MarkupValue, markup, NOTHING } from "./markup.ts";

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => MarkupValue;
  readonly isNumber?: boolean;
}

/** Renders a table with a caption; without rows, the text of `empty`. */
export function table<Row>(
  caption: string,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  empty = "None.",
): Markup {
  if (rows.length === 0) return markup`<p class="quiet">${caption}: ${empty}</p>`;
  const head = columns.map(({ title, isNumber }) =>
    isNumber ? markup`<th scope="col" class="number">${title}</th>` : markup`<th scope="col">${title}</th>`,
  );
  const body = rows.map(
    (row) =>
      markup`<tr>${columns.map(({ cell, isNumber }) =>
        isNumber ? markup`<td class="number">${cell(row)}</td>` : markup`<td>${cell(row)}</td>`,
      )}</tr>\n`,
  );
  return markup`<table><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>\n${body}</tbody></table>\n`;
}

/** Renders a section with its heading. */
export function section(title: string, ...content: readonly Markup[]): Markup {
  return markup`<section><h2>${title}</h2>\n${content}</section>\n`;
}

/** A sentence about the entries that a list does not show; nothing when it shows all. */
export function leftOut({ count, entries }: { readonly count: number; readonly entries: readonly unknown[] }): Markup {
  const more = count - entries.length;
  return more > 0 ? markup`<p class="quiet">${more} more are not listed.</p>` : NOTHING;
}
