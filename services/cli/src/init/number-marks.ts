/** Marks beside the digits of a number, as the mapping declares them. */
export interface MarkedNumber {
  /** The digits, with decimal and thousands marks; a minus sign before them when the number is negative. */
  readonly digits: string;
  readonly hasPercent: boolean;
  /** Currency mark; null: none. */
  readonly currency: string | null;
  /** Form of the minus sign when it is not before the number. */
  readonly negative: "after" | "parentheses" | null;
}

/** Marks of one currency, the sign first. */
const CURRENCIES: readonly (readonly string[])[] = [
  ["€", "EUR"],
  ["$", "USD", "US$"],
  ["£", "GBP"],
  ["¥", "JPY", "CNY"],
  ["CHF"],
  ["zł", "PLN"],
  ["Kč", "CZK"],
  ["kr", "SEK", "NOK", "DKK"],
];

const escaped = (text: string): string => text.replaceAll("$", "\\$");
const CURRENCY = CURRENCIES.flat()
  .toSorted((a, b) => b.length - a.length)
  .map(escaped)
  .join("|");
const BLANKS = "[ \\t\\u{a0}\\u{2009}\\u{202f}]*";
/** A number with marks beside it. The mapping language reads the same forms (docs/mapping.md, Numbers). */
const MARKED = new RegExp(
  `^(\\()?${BLANKS}(?:(${CURRENCY})${BLANKS})?([+-])?${BLANKS}(?:(${CURRENCY})${BLANKS})?` +
    `([0-9.,][0-9.,' \\u{a0}\\u{2009}\\u{202f}]*?)${BLANKS}(-)?(?:${BLANKS}(${CURRENCY}))?(?:${BLANKS}(%))?${BLANKS}(\\))?$`,
  "u",
);
const MAX_LENGTH = 60;

/** Returns the parts of a number with percent, currency or minus marks beside its digits; null for any other text. */
export function readMarks(text: string): MarkedNumber | null {
  if (text.length > MAX_LENGTH) return null;
  const match = MARKED.exec(text);
  if (match === null) return null;
  const [, opened, before, sign = "", inner, digits = "", after, behind, percent, closed] = match;
  const currencies = [before, inner, behind].filter((mark) => mark !== undefined);
  const minus = [opened, sign || undefined, after].filter((mark) => mark !== undefined);
  if ((opened === undefined) !== (closed === undefined) || currencies.length > 1 || minus.length > 1) return null;
  const negative = opened !== undefined ? "parentheses" : after !== undefined ? "after" : null;
  const [currency = null] = currencies;
  if (percent === undefined && currency === null && negative === null) return null;
  return {
    digits: `${negative === null ? sign : "-"}${digits}`,
    hasPercent: percent !== undefined,
    currency,
    negative,
  };
}

/** Returns the marks of the same currency as `mark` that `used` has, the given one first. */
export function marksOfCurrency(mark: string, used: ReadonlySet<string>): string[] {
  const same = CURRENCIES.find((marks) => marks.includes(mark)) ?? [mark];
  return same.filter((one) => used.has(one));
}
