import type { NumberForm } from "@bellwether/config/number-form";
import { type ColumnMapping, EXCEL_1900, type SourceMapping } from "@bellwether/config/source-mapping";
import { readNumber } from "../duckdb/number-sql.ts";
import { sqlText } from "../duckdb/quote-sql.ts";
import type { Workspace } from "../duckdb/workspace.ts";

/** Texts that usually mean "not known", compared in lower case. */
const NULL_WORD =
  /^(?:n\.?\/?a\.?|#n\/?a|#nv|nan|null|none|nil|\\n|unknown|not available|missing|k\.?\s?a\.?|leer|tbd|tba|-+|–|—|\?+|\.+|#wert!|#value!|#div\/0!|#ref!|#name\?|#num!)$/;

/** Forms of dates that a hint can name, the more usual first. */
const DATE_FORMS = [
  "%Y-%m-%d",
  "%d.%m.%Y",
  "%d/%m/%Y",
  "%m/%d/%Y",
  "%d-%m-%Y",
  "%Y/%m/%d",
  "%Y.%m.%d",
  "%Y%m%d",
  "%d.%m.%y",
  "%d/%m/%y",
  "%m/%d/%y",
  "%d-%b-%y",
  "%d-%b-%Y",
  "%d %b %Y",
  "%d %B %Y",
  "%b %d, %Y",
  "%B %d, %Y",
  "%Y-%m",
  "%m/%Y",
] as const;
const TIMES = [" %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M", " %H:%M:%S.%f", "T%H:%M:%S.%f"] as const;
const ZONES = ["%z", " %z", "Z"] as const;
const MAX_FORMS = 2;

/**
 * Returns the option of the mapping with which a rejected value of a column would be accepted. Null: no such option
 * is known. Column and source have the names of the mapping.
 */
export async function readHint(
  workspace: Workspace,
  column: ColumnMapping,
  source: SourceMapping,
  text: string,
): Promise<string | null> {
  const value = text.trim();
  if (NULL_WORD.test(value.toLowerCase())) return `set null_values: [${quoted(value)}] if it means not known`;
  switch (column.type) {
    case "number":
    case "integer":
      return numberHint(column, source, value);
    case "date":
    case "timestamp":
      return await dateHint(workspace, column, value);
    case "boolean":
      return "declare it as text, and compare it in the mapping's SQL";
    case "text":
      return null;
  }
}

/** Returns a YAML text in single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const THOUSANDS_MARKS = [null, ".", ",", " ", "'"] as const;
const DECIMALS = [".", ","] as const;

function numberHint(column: ColumnMapping, source: SourceMapping, text: string): string | null {
  const isInteger = column.type === "integer";
  const now: NumberForm = column.numberForm ?? {
    decimal: source.decimal,
    thousands: null,
    percent: null,
    currency: [],
    negative: [],
  };
  if (now.percent !== null && !text.includes("%"))
    return readNumber(text, { ...now, percent: null }, isInteger) === null
      ? null
      : "leave out percent if the values of the column have no % sign";
  const currency = /[^\d\s+\-.,()%'’eE]{1,10}/u.exec(text.replaceAll("%", ""))?.[0] ?? null;
  const marked: NumberForm = {
    ...now,
    percent: now.percent ?? (text.includes("%") && !isInteger ? "points" : null),
    currency: currency === null || now.currency.includes(currency) ? now.currency : [currency],
    negative: [
      ...new Set([
        ...now.negative,
        ...(/-\D*$/.test(text) ? (["after"] as const) : []),
        ...(text.startsWith("(") ? (["parentheses"] as const) : []),
      ]),
    ],
  };
  if (currency !== null && now.currency.length > 0 && !now.currency.includes(currency))
    return `the currency of the column is ${now.currency.join(" or ")}`;
  const readings = new Map<number, NumberForm>();
  // Other marks than declared ones are no hint: they would read the other values of the column wrongly.
  const forms =
    now.thousands === null
      ? DECIMALS.flatMap((decimal) => THOUSANDS_MARKS.map((thousands) => ({ ...marked, decimal, thousands })))
      : [marked];
  // Fewer changes come before more.
  for (const form of forms.toSorted((a, b) => changes(a, now) - changes(b, now))) {
    if (form.decimal === form.thousands) continue;
    const value = readNumber(text, form, isInteger);
    if (value !== null && !readings.has(value)) readings.set(value, form);
  }
  if (readings.size === 0 && now.thousands !== null) {
    const other = otherMarks(text, marked, isInteger);
    if (other !== null)
      return `set ${listed(options(other, now))} if every number of the column is written like this; otherwise correct the value`;
  }
  const [first, second] = [...readings];
  if (first === undefined)
    return isInteger && readNumber(text, { ...marked, percent: null }, false) !== null ? "declare type: number" : null;
  const [value, form] = first;
  if (!Number.isFinite(value)) return `it is too large: a number is at most ${Number.MAX_VALUE.toPrecision(3)}`;
  if (marked.percent !== null && now.percent === null)
    return `set ${listed(options(form, now, ["percent: share"]))} if ${text} is ${readNumber(text, { ...form, percent: "share" }, false)}, or percent: points if it is ${value}`;
  if (changes(form, now) === 0 || second === undefined) return `set ${listed(options(form, now))}`;
  return `set ${listed(options(form, now))} if it is ${value}, or ${listed(options(second[1], now))} if it is ${second[0]}`;
}

/** Returns a number form with other marks than the declared ones that reads the text; null: none does. */
function otherMarks(text: string, marked: NumberForm, isInteger: boolean): NumberForm | null {
  const forms = DECIMALS.flatMap((decimal) => THOUSANDS_MARKS.map((thousands) => ({ ...marked, decimal, thousands })));
  return (
    forms
      .filter(({ decimal, thousands }) => decimal !== thousands)
      .find((form) => readNumber(text, form, isInteger) !== null) ?? null
  );
}

function changes(form: NumberForm, now: NumberForm): number {
  return Number(form.decimal !== now.decimal) + Number(form.thousands !== now.thousands);
}

/** Returns the options in which a number form differs from the present one, as YAML. */
function options(form: NumberForm, now: NumberForm, others: readonly string[] = []): string[] {
  const changed: string[] = [];
  if (form.decimal !== now.decimal) changed.push(`decimal: ${quoted(form.decimal)}`);
  if (form.thousands !== now.thousands)
    changed.push(`thousands: ${form.thousands === null ? "none" : quoted(form.thousands)}`);
  if (form.currency.length > now.currency.length) changed.push(`currency: [${form.currency.map(quoted).join(", ")}]`);
  if (form.negative.length > now.negative.length) changed.push(`negative: [${form.negative.join(", ")}]`);
  return [...changed, ...others];
}

const listed = (items: readonly string[]): string => items.join(" and ");

async function dateHint(workspace: Workspace, column: ColumnMapping, text: string): Promise<string | null> {
  const times = text.includes(":") ? TIMES : [""];
  const zones = /(?:[+-]\d{2}:?\d{2}|Z)$/.test(text) ? ["", ...ZONES] : [""];
  const forms = DATE_FORMS.flatMap((day) => times.flatMap((time) => zones.map((zone) => `${day}${time}${zone}`)));
  // strptime accepts constant forms only.
  const [fits = []] = await workspace.rows(
    `select ${forms.map((form) => `try_strptime(${sqlText(text)}, ${sqlText(form)}) is not null`).join(", ")}`,
  );
  const known = forms.filter((_, i) => fits[i] === true).slice(0, MAX_FORMS);
  const added = (form: string) => `[${[...column.formats, form].map(quoted).join(", ")}]`;
  const [form, other] = known;
  if (form !== undefined && other === undefined) return `set formats: ${added(form)}`;
  if (form !== undefined && other !== undefined)
    return `set formats: ${added(form)}, or ${quoted(other)} instead of ${quoted(form)} if the day and the month are the other way round`;
  return /^\d{4,6}(?:[.,]\d+)?$/.test(text) ? `set formats: [${EXCEL_1900}] if it is a serial number of Excel` : null;
}
