import { escapeHtml } from "@bellwether/contract/escape-html";

/** HTML or SVG whose texts are escaped. */
export class Markup {
  readonly text: string;

  /** Only for `markup`: the text must be escaped. */
  constructor(text: string) {
    this.text = text;
  }
}

/** A value that a template may contain: markup as it is, and texts and numbers escaped. */
export type MarkupValue = Markup | readonly Markup[] | string | number;

/**
 * Returns markup of a template literal. Every value that is not markup is escaped, for elements and for attributes in
 * double quotes: markup`<td>${supplier.name}</td>`.
 */
export function markup(parts: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  return new Markup(parts.reduce((text, part, i) => `${text}${textOf(values[i - 1])}${part}`));
}

/** Markup without content. */
export const NOTHING = new Markup("");

/** Returns a constant of this package as markup, unchanged. Never for data. */
export function trustedMarkup(text: string): Markup {
  return new Markup(text);
}

function textOf(value: MarkupValue | undefined): string {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(({ text }) => text).join("");
  return escapeHtml(cleanText(String(value ?? "")));
}

/** Removes characters that HTML does not allow, and half surrogate pairs. */
function cleanText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
  return text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, "");
}
