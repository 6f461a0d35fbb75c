import { type MarkedNumber, marksOfCurrency, readMarks } from "./number-marks.ts";

/** How numbers are written. */
export interface NumberMarks {
  readonly decimal: "." | ",";
  readonly thousands: "." | "," | "'" | " " | null;
}

/** What the values of a column look like. */
export interface ColumnProfile {
  readonly header: string;
  readonly type: "text" | "number" | "boolean" | "date" | "timestamp";
  /** Whether all numbers are integers. */
  readonly isWhole: boolean;
  readonly decimal: NumberMarks["decimal"];
  /** Mark between groups of three digits; null: the numbers have none. */
  readonly thousands: NumberMarks["thousands"];
  /** Whether the numbers have the mark %. */
  readonly percent: boolean;
  /** Currency marks of the numbers, all of one currency. */
  readonly currency: readonly string[];
  /** Forms of negative numbers besides `-5`. */
  readonly negative: readonly ("after" | "parentheses")[];
  /** strptime forms of a date or timestamp. */
  readonly formats: readonly string[];
  /** Whether day and month could be the other way round. */
  readonly isAmbiguous: boolean;
  /** Words among the numbers or dates that mean "not known". */
  readonly nullValues: readonly string[];
  readonly nullPatterns: readonly string[];
  /** Number of rows, of rows with a value, and of different values. */
  readonly rows: number;
  readonly known: number;
  readonly distinct: number;
  /** Range of the numbers; null for other types. */
  readonly range: readonly [number, number] | null;
  /** Mean length of the texts, in characters. */
  readonly meanLength: number;
  /** The most frequent values, at most 20. */
  readonly frequent: readonly string[];
}

/** Words that mean "not known" in any column. */
const MISSING =
  /^(?:|n\/?a|#n\/a|nan|null|none|nil|-+|\?+|\.|unknown|missing|not (?:available|applicable|captured|known)|keine angabe|k\. ?a\.)$/i;
const POINT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const COMMA = /^[+-]?(?:\d+,?\d*|,\d+)(?:e[+-]?\d+)?$/i;
/** Ways to write numbers, the more usual ones first: of several that fit equally well, the first one is taken. */
const NUMBER_FORMS: readonly (NumberMarks & { readonly pattern: RegExp })[] = [
  { decimal: ".", thousands: null, pattern: POINT },
  { decimal: ",", thousands: null, pattern: COMMA },
  { decimal: ",", thousands: ".", pattern: /^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d*)?$/ },
  { decimal: ".", thousands: ",", pattern: /^[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?$/ },
  { decimal: ".", thousands: "'", pattern: /^[+-]?(?:\d{1,3}(?:'\d{3})+|\d+)(?:\.\d*)?$/ },
  { decimal: ",", thousands: " ", pattern: /^[+-]?(?:\d{1,3}(?: \d{3})+|\d+)(?:,\d*)?$/ },
  { decimal: ".", thousands: " ", pattern: /^[+-]?(?:\d{1,3}(?: \d{3})+|\d+)(?:\.\d*)?$/ },
];
const WHOLE = /^[+-]?\d+$/;
/** A number with leading zeros is a code. */
const CODE = /^0\d+$/;

const DAY = "(?:0?[1-9]|[12]\\d|3[01])";
const MONTH = "(?:0?[1-9]|1[0-2])";
const NAME = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)";
const TIME = "(?:[01]?\\d|2[0-3]):[0-5]\\d:[0-5]\\d";

/** Forms of dates and times, the more usual ones first. */
const FORMS: readonly (readonly [format: string, pattern: string])[] = [
  ["%Y-%m-%d", `\\d{4}-${MONTH}-${DAY}`],
  ["%Y/%m/%d", `\\d{4}/${MONTH}/${DAY}`],
  ["%d.%m.%Y", `${DAY}\\.${MONTH}\\.\\d{4}`],
  ["%d/%m/%Y", `${DAY}/${MONTH}/\\d{4}`],
  ["%m/%d/%Y", `${MONTH}/${DAY}/\\d{4}`],
  ["%d-%m-%Y", `${DAY}-${MONTH}-\\d{4}`],
  ["%d-%b-%Y", `${DAY}-${NAME}-\\d{4}`],
  ["%d-%b-%y", `${DAY}-${NAME}-\\d{2}`],
  ["%d.%m.%y", `${DAY}\\.${MONTH}\\.\\d{2}`],
  ["%d/%m/%y", `${DAY}/${MONTH}/\\d{2}`],
  ["%m/%d/%y", `${MONTH}/${DAY}/\\d{2}`],
  ["%Y-%m-%d %H:%M:%S", `\\d{4}-${MONTH}-${DAY} ${TIME}`],
  ["%Y-%m-%dT%H:%M:%S", `\\d{4}-${MONTH}-${DAY}T${TIME}`],
  ["%Y-%m-%dT%H:%M:%SZ", `\\d{4}-${MONTH}-${DAY}T${TIME}Z`],
];
/** A date without separators. It is a number unless every value of the column is one. */
const COMPACT = /^(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/;
const COMPILED = FORMS.map(([format, pattern]) => ({ format, pattern: new RegExp(`^${pattern}$`, "i") }));
/** Forms whose day and month may be confused, with the form that has them the other way round. */
const SWAPPED: Readonly<Record<string, string>> = {
  "%d/%m/%Y": "%m/%d/%Y",
  "%m/%d/%Y": "%d/%m/%Y",
  "%d/%m/%y": "%m/%d/%y",
  "%m/%d/%y": "%d/%m/%y",
};

/** Share of the known values that must be of a type. */
const MIN_SHARE = 0.9;
/** Share with which a column of few other words is still a number or a date. */
const MIN_SHARE_WITH_WORDS = 0.5;
const MAX_NULL_WORDS = 40;
const MAX_NULL_PATTERNS = 20;
const MAX_FREQUENT = 20;

/**
 * Finds out what the values of a column are.
 * @param values cells without blanks around them; empty = missing
 * @param usual marks of the other columns, for numbers such as 1.590 that can be read in two ways
 */
export function profileColumn(header: string, values: readonly string[], usual?: NumberMarks): ColumnProfile {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const known = new Map([...counts].filter(([value]) => !MISSING.test(value)));
  const knownRows = sumOf(known);
  const base = {
    ...{ header, rows: values.length, known: knownRows, distinct: known.size },
    ...{
      isWhole: false,
      decimal: "." as const,
      thousands: null,
      percent: false,
      currency: [],
      negative: [],
      formats: [],
      isAmbiguous: false,
      range: null,
      meanLength: 0,
    },
    ...{ nullValues: [], nullPatterns: [] },
    frequent: [...known]
      .sort((a, b) => b[1] - a[1])
      .slice(0, MAX_FREQUENT)
      .map(([value]) => value),
  };
  if (known.size === 0) return { ...base, type: "text" };
  const words = [...counts.keys()].filter((value) => value !== "" && MISSING.test(value));
  return (
    asBoolean(known, words, base) ??
    asDate(known, words, base) ??
    asNumber(known, words, base, usual) ?? {
      ...base,
      type: "text",
      nullValues: words.slice(0, MAX_NULL_WORDS),
      meanLength: [...known].reduce((sum, [value, rows]) => sum + value.length * rows, 0) / knownRows,
    }
  );
}

type Counts = ReadonlyMap<string, number>;
type Base = Omit<ColumnProfile, "type">;

const sumOf = (counts: Iterable<readonly [string, number]>): number =>
  [...counts].reduce((sum, [, rows]) => sum + rows, 0);

function asBoolean(known: Counts, words: readonly string[], base: Base): ColumnProfile | null {
  if (![...known.keys()].every((value) => /^(?:true|false)$/i.test(value))) return null;
  return { ...base, type: "boolean", nullValues: words };
}

function asDate(known: Counts, words: readonly string[], base: Base): ColumnProfile | null {
  if ([...known.keys()].every((value) => COMPACT.test(value)))
    return { ...base, type: "date", formats: ["%Y%m%d"], nullValues: words.slice(0, MAX_NULL_WORDS) };
  const rowsOf = COMPILED.map(({ format, pattern }) => ({
    format,
    rows: sumOf([...known].filter(([value]) => pattern.test(value))),
    pattern,
  })).filter(({ rows }) => rows > 0);
  const [best] = rowsOf.toSorted((a, b) => b.rows - a.rows);
  if (best === undefined) return null;
  // Only forms that explain further values, and never both orders of day and month.
  const chosen = [best];
  const rest = new Map([...known].filter(([value]) => !best.pattern.test(value)));
  for (const form of rowsOf) {
    if (form === best || form.format === SWAPPED[best.format]) continue;
    const more = [...rest.keys()].filter((value) => form.pattern.test(value));
    if (more.length > 0) chosen.push(form);
    for (const value of more) rest.delete(value);
  }
  const nulls = nullRules(known, rest, words);
  if (nulls === null) return null;
  const swapped = rowsOf.find(({ format }) => format === SWAPPED[best.format]);
  const type = chosen.some(({ format }) => format.includes("%H")) ? "timestamp" : "date";
  return {
    ...base,
    ...nulls,
    type,
    formats: chosen.map(({ format }) => format),
    isAmbiguous: swapped?.rows === best.rows,
  };
}

function asNumber(
  known: Counts,
  words: readonly string[],
  base: Base,
  usual: NumberMarks | undefined,
): ColumnProfile | null {
  const isUsual = ({ decimal, thousands }: NumberMarks): boolean =>
    decimal === usual?.decimal && thousands === usual.thousands;
  const { plain, ...marks } = withoutMarks(known);
  const [best] = NUMBER_FORMS.map((marks) => ({
    ...marks,
    rows: sumOf([...known].filter(([value]) => marks.pattern.test(plain.get(value) ?? value))),
  })).sort((a, b) => b.rows - a.rows || Number(isUsual(b)) - Number(isUsual(a)));
  if (best === undefined) return null;
  const { decimal, pattern: form } = best;
  const plainOf = (text: string): string => text.replaceAll(best.thousands ?? "", "").replace(",", ".");
  const digitsOf = (value: string): string => plain.get(value) ?? value;
  const isNumber = (value: string): boolean =>
    form.test(digitsOf(value)) && (!marks.percent || plain.has(value)) && !CODE.test(value);
  const numbers = [...known.keys()].filter(isNumber).map(digitsOf);
  if (numbers.length === 0 || [...known.keys()].some((value) => CODE.test(value))) return null;
  const others = new Map([...known].filter(([value]) => !isNumber(value)));
  const nulls = nullRules(known, others, words);
  if (nulls === null) return null;
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const text of numbers) {
    const value = Number(plainOf(text));
    if (!Number.isFinite(value)) return null;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return {
    ...base,
    ...nulls,
    ...marks,
    ...{ type: "number", decimal, range: [min, max] },
    // A value that is written as "not known" is missing, as an empty one.
    known: base.known - sumOf([...others].filter(([value]) => !isMarkedNumber(value))),
    isWhole: numbers.every((value) => WHOLE.test(plainOf(value))),
    // Where no number has a mark, there is none: the usual marks of a file are no claim about this column.
    thousands:
      best.thousands !== null && numbers.some((value) => value.includes(best.thousands ?? "")) ? best.thousands : null,
  };
}

/** Characters of which a number with marks beside it has at least one. */
const HAS_MARK = /[%()\p{Sc}]|-$|[a-z]{2}/iu;

/**
 * Finds the percent, currency and minus marks of a column's numbers. A percent mark is one of the column when more than
 * half of its numbers have it, and a currency when it is the most frequent one.
 * @returns plain: the digits of each value that has marks of the column
 */
function withoutMarks(
  known: Counts,
): Pick<ColumnProfile, "percent" | "currency" | "negative"> & { readonly plain: ReadonlyMap<string, string> } {
  const marked = new Map<string, MarkedNumber>();
  for (const value of known.keys()) {
    const found = HAS_MARK.test(value) ? readMarks(value) : null;
    if (found !== null) marked.set(value, found);
  }
  const rowsWhere = (is: (mark: MarkedNumber) => boolean): number =>
    sumOf([...known].filter(([value]) => is(marked.get(value) ?? NO_MARKS)));
  const percent = rowsWhere(({ hasPercent }) => hasPercent) > sumOf(known) / 2;
  const used = new Set([...marked.values()].flatMap((mark) => mark.currency ?? []));
  const [most] = [...used].toSorted(
    (a, b) => rowsWhere(({ currency }) => currency === b) - rowsWhere(({ currency }) => currency === a),
  );
  const currency = most === undefined ? [] : marksOfCurrency(most, used);
  const plain = new Map(
    [...marked]
      .filter(([, mark]) => mark.hasPercent === percent && (mark.currency === null || currency.includes(mark.currency)))
      .map(([value, { digits }]) => [value, digits]),
  );
  const forms = new Set([...plain.keys()].map((value) => marked.get(value)?.negative));
  return { percent, currency, negative: NEGATIVES.filter((form) => forms.has(form)), plain };
}

const NO_MARKS: MarkedNumber = { digits: "", hasPercent: false, currency: null, negative: null };
const NEGATIVES = ["after", "parentheses"] as const;

/** A value with digits and marks alone, which is a number in some form and never means "not known". */
const isMarkedNumber = (value: string): boolean => POINT.test(value) || COMMA.test(value) || readMarks(value) !== null;

/**
 * Returns the rules by which the values that are not of the type mean "not known"; null when they are too many for
 * that.
 */
function nullRules(
  known: Counts,
  others: Counts,
  words: readonly string[],
): Pick<ColumnProfile, "nullValues" | "nullPatterns"> | null {
  const share = 1 - sumOf(others) / sumOf(known);
  if (share < MIN_SHARE_WITH_WORDS) return null;
  // A number with other marks is left to be rejected, so that a person sees it.
  const unread = [...others.keys()].filter((value) => !isMarkedNumber(value));
  const nullValues = [...words, ...unread];
  if (nullValues.length <= MAX_NULL_WORDS && nullValues.every((value) => value.length <= 200)) {
    if (share < MIN_SHARE && unread.length > 5) return null;
    return { nullValues, nullPatterns: [] };
  }
  const patterns = [...new Set(unread.map(patternOf))];
  if (patterns.length > MAX_NULL_PATTERNS || patterns.some((pattern) => pattern.length > 200)) return null;
  return { nullValues: words, nullPatterns: patterns };
}

/** Returns the pattern of a text in which every number may be another one. */
const patternOf = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&").replace(/\d+/g, "[0-9]+");
