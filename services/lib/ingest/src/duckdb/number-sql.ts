import type { NumberForm } from "@bellwether/config/number-form";
import { sqlText } from "./quote-sql.ts";

/** Blanks inside a number: blank, tab, and the no-break and thin spaces that spreadsheets write. */
const BLANK = "[ \\t\\u{a0}\\u{2009}\\u{202f}]";

/** Regular expression of each mark between groups of three digits. */
const THOUSANDS = {
  ".": "\\.",
  ",": ",",
  " ": "[ \\u{a0}\\u{2009}\\u{202f}]",
  "'": "['\\u{2019}]",
} as const;

/** Names of the groups of `numberPattern`, in their order. */
const GROUPS = ["opened", "sign", "digits", "after", "closed"] as const;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

/**
 * Returns the regular expression (JavaScript, flag u) of a whole number in the form `form`. Its groups are those
 * of GROUPS.
 */
function numberPattern(form: NumberForm, isInteger: boolean): string {
  const decimal = escaped(form.decimal);
  const exponent = form.percent === null ? "(?:[eE][+-]?[0-9]+)?" : "";
  const plain = isInteger ? "[0-9]+" : `(?:[0-9]+(?:${decimal}[0-9]*)?|${decimal}[0-9]+)${exponent}`;
  const fraction = isInteger ? "" : `(?:${decimal}[0-9]*)?`;
  const grouped = form.thousands === null ? "" : `[0-9]{1,3}(?:${THOUSANDS[form.thousands]}[0-9]{3})+${fraction}|`;
  const currency = form.currency.length === 0 ? "" : `(?:${form.currency.map(escaped).join("|")})`;
  const before = currency && `(?:${currency}${BLANK}*)?`;
  const behind = currency && `(?:${BLANK}*${currency})?`;
  const [opened, closed] = form.negative.includes("parentheses") ? ["(\\()?", "(\\))?"] : ["()", "()"];
  const after = form.negative.includes("after") ? `${BLANK}*(-)?` : "()";
  const percent = form.percent === null ? "" : `${BLANK}*%`;
  return `^${opened}${BLANK}*${before}([+-])?${BLANK}*${before}(${grouped}${plain})${after}${behind}${percent}${BLANK}*${closed}$`;
}

/**
 * Returns the number that a text in the form `form` means; null when it is not of this form. It is the same number
 * that the SQL of `numberTextSql` means.
 */
export function readNumber(text: string, form: NumberForm, isInteger: boolean): number | null {
  const match = new RegExp(numberPattern(form, isInteger), "u").exec(text);
  if (match === null) return null;
  const [, opened = "", sign = "", digits = "", after = "", closed = ""] = match;
  if ((opened === "") !== (closed === "") || [opened, sign, after].filter(Boolean).length > 1) return null;
  const ungrouped = form.thousands === null ? digits : digits.replace(new RegExp(THOUSANDS[form.thousands], "gu"), "");
  const isNegative = opened !== "" || after !== "" || sign === "-";
  return Number(
    `${isNegative ? "-" : ""}${ungrouped.replace(form.decimal, ".")}${form.percent === "share" ? "e-2" : ""}`,
  );
}

/**
 * Returns SQL of the text of a number as DuckDB's cast reads it, from a text in the form `form`; null when it is
 * not of this form. A percent mark that means a share becomes an exponent, so that no digit is lost.
 */
export function numberTextSql(text: string, form: NumberForm, isInteger: boolean): string {
  const pattern = sqlText(numberPattern(form, isInteger).replaceAll("\\u{", "\\x{"));
  const part = (group: (typeof GROUPS)[number]) =>
    `struct_extract(regexp_extract(${text}, ${pattern}, [${GROUPS.map(sqlText).join(", ")}]), ${sqlText(group)})`;
  const ungrouped =
    form.thousands === null
      ? part("digits")
      : `regexp_replace(${part("digits")}, ${sqlText(THOUSANDS[form.thousands].replaceAll("\\u{", "\\x{"))}, '', 'g')`;
  const digits = form.decimal === "." ? ungrouped : `replace(${ungrouped}, ',', '.')`;
  const isSet = (group: (typeof GROUPS)[number]) => `${part(group)} <> ''`;
  const isNegative = `(${isSet("opened")} or ${isSet("after")} or ${part("sign")} = '-')`;
  const isSound = [
    isSet("digits"),
    `(${isSet("opened")}) = (${isSet("closed")})`,
    `(${isSet("opened")})::integer + (${isSet("sign")})::integer + (${isSet("after")})::integer <= 1`,
  ].join(" and ");
  const exponent = form.percent === "share" ? " || 'e-2'" : "";
  return `case when ${isSound} then case when ${isNegative} then '-' else '' end || ${digits}${exponent} end`;
}
