import { nearestName } from "@bellwether/contract/nearest-name";
import { UsageError } from "../errors/usage-error.ts";
import type { ColumnProfile } from "./profile-column.ts";
import type { Sample } from "./read-sample.ts";

/** What a column becomes. */
export interface Column {
  readonly profile: ColumnProfile;
  /** Name in SQL. */
  readonly name: string;
  readonly role: "label" | "id" | "name" | "as_of" | "numeric" | "category" | "text" | "left out";
  /** Why the column is left out; empty for other roles. */
  readonly reason: string;
}

/** The label's two values. */
export interface LabelValues {
  /** SQL of the label over the label's column: 1, 0 or null. */
  readonly sql: string;
  readonly riskClass: string;
  readonly otherClass: string;
  /** Share of the positive rows among those with a label. */
  readonly rate: number;
  /** Whether it was guessed which value is the risk. */
  readonly isGuess: boolean;
}

/** How the columns of a table are used. */
export interface Roles {
  readonly columns: readonly Column[];
  /** Null: the rows have no label yet. */
  readonly label: (LabelValues & { readonly column: Column }) | null;
  /** Null: no column identifies the rows; they are numbered. */
  readonly id: Column | null;
  readonly asOf: Column | null;
  /** Columns of dates that can be the date of the rows, when ids repeat and none was chosen. */
  readonly dateCandidates: readonly Column[];
  /** Mean number of rows of a key (id, and date if there is one). */
  readonly rowsPerKey: number;
  /** Mean number of rows of an id. */
  readonly rowsPerId: number;
}

/** Columns that the caller names. */
export interface NamedColumns {
  readonly label?: string;
  readonly id?: string;
  readonly date?: string;
  readonly risk?: string;
}

const ID_NAMES: readonly RegExp[] = [
  /^(?:supplier|vendor|creditor|company|partner|customer|lieferant(?:en)?|kreditor(?:en)?|firm)s?_?(?:id|no|nr|number|nummer|code|key)$/,
  /^id$/,
  /_id$/,
  /^(?:supplier|vendor|creditor|company|partner|lieferant|kreditor|firm)s?(?:_name)?$/,
  /^(?:code|key|number|name)$/,
];
/** Columns that people call the supplier by, the more specific ones first. */
const PEOPLE_NAMES: readonly RegExp[] = [
  /^(?:supplier|vendor|creditor|company|partner|customer|lieferant(?:en)?|kreditor(?:en)?|firm(?:en)?|legal|display)s?_?name$/,
  /^name(?:_?1)?$/,
  /^(?:supplier|vendor|creditor|company|partner|lieferant|kreditor|firma|firm)$/,
];
const DATE_NAMES: readonly RegExp[] = [
  /^as_?of/,
  /^(?:snapshot|stichtag|period|reporting)/,
  /^(?:date|datum|day|month|year|jahr|fiscal_year)$/,
];
const RISK_WORDS =
  /^(?:1|true|yes|y|ja|failed|fail|default(?:ed)?|bankrupt|insolvent|late|delayed|high|high_risk|bad|lost|churned|positive|rejected|risk)$/i;
/** Categories with more values become no feature: most of their values are too rare to learn from. */
const MAX_CATEGORIES = 200;
const MIN_ROWS_PER_CATEGORY = 5;
const LONG_TEXT = 60;
/** Share of the rows that have a value in the column of the id and of the date, at least. The other rows are rejected. */
const FILLED_SHARE = 0.99;

/** Decides what each column becomes. @throws UsageError when a named column does not exist or the label has not two values */
export function chooseColumnRoles(
  sample: Sample,
  profiles: readonly ColumnProfile[],
  names: readonly string[],
  named: NamedColumns,
): Roles {
  const find = (option: string, wanted: string): number => {
    const at = sample.header.findIndex((header) => same(header, wanted));
    const unusable = at < 0 ? null : unnameable(sample.header[at] ?? "");
    if (unusable !== null) throw new UsageError(`${option}: ${unusable}; correct its name in the file`);
    if (at >= 0) return at;
    const near = nearestName(wanted, sample.header);
    const hint = near
      ? `; did you mean ${JSON.stringify(near)}?`
      : `; its columns are ${sample.header.slice(0, 30).join(", ")}`;
    throw new UsageError(`${option}: the file has no column ${JSON.stringify(wanted)}${hint}`);
  };
  if (named.label === undefined && named.risk !== undefined)
    throw new UsageError("--risk is a value of the label: add --label COLUMN");
  const labelAt = named.label === undefined ? null : find("--label", named.label);
  const labelValues = labelAt === null ? null : readLabel(sample, labelAt, names[labelAt] ?? "", named.risk);
  const others = (at: number): boolean => at !== labelAt && unnameable(sample.header[at] ?? "") === null;
  const idAt = named.id === undefined ? findId(sample, profiles, names, others) : find("--id", named.id);
  const dateAt =
    named.date === undefined ? findDate(sample, profiles, names, idAt, others) : find("--date", named.date);
  if (dateAt !== null && dateOf(profiles[dateAt]) === null)
    throw new UsageError(`--date: the column ${JSON.stringify(named.date)} has no dates or years`);
  const nameAt = findName(profiles, names, (at) => others(at) && at !== idAt && at !== dateAt);
  let hasText = false;
  const columns = profiles.map((profile, at): Column => {
    const name = names[at] ?? "";
    const as = (role: Column["role"], reason = ""): Column => ({ profile, name, role, reason });
    if (at === labelAt) return as("label");
    if (at === idAt) return as("id");
    if (at === dateAt) return as("as_of");
    if (at === nameAt) return as("name");
    const reason = unnameable(profile.header) ?? leftOut(profile, name);
    if (reason !== null) return as("left out", reason);
    if (profile.type === "number" || profile.type === "boolean") return as("numeric");
    if (profile.distinct <= MAX_CATEGORIES && profile.known >= MIN_ROWS_PER_CATEGORY * profile.distinct)
      return as("category");
    if (profile.meanLength < LONG_TEXT || hasText)
      return as("left out", `${profile.distinct} different texts in ${profile.known} rows`);
    hasText = true;
    return as("text");
  });
  const at = (index: number | null): Column | null => (index === null ? null : (columns[index] ?? null));
  const label = at(labelAt);
  const rowsPerId = rowsPer(sample, [idAt]);
  return {
    ...{ columns, id: at(idAt), asOf: at(dateAt) },
    dateCandidates: dateAt === null && rowsPerId > 1 ? columns.filter(mayBeDate) : [],
    label: label === null || labelValues === null ? null : { ...labelValues, column: label },
    rowsPerKey: rowsPer(sample, [idAt, dateAt]),
    rowsPerId,
  };
}

const mayBeDate = ({ role, name, profile }: Column): boolean =>
  role !== "label" &&
  role !== "id" &&
  unnameable(profile.header) === null &&
  profile.distinct > 1 &&
  (dateOf(profile) === "date" || (dateOf(profile) === "year" && isDateName(name)));

const isDateName = (name: string): boolean => DATE_NAMES.some((pattern) => pattern.test(name));

/** Maximum length of a name of a column in a mapping, characters. */
const MAX_HEADER = 200;

/** Returns why a mapping cannot name a column, for example the index column of pandas; null when it can. */
function unnameable(header: string): string | null {
  const { length } = [...header];
  if (length === 0) return "the column has no name";
  return length > MAX_HEADER ? `the name of the column has ${length} characters, at most ${MAX_HEADER} are read` : null;
}

const plain = (name: string): string =>
  name
    .normalize("NFKC")
    .replace(/[\s_]+/g, " ")
    .trim()
    .toLowerCase();
const same = (a: string, b: string): boolean => plain(a) === plain(b);

/** A column of dates, or one of years. */
export function dateOf(profile: ColumnProfile | undefined): "date" | "year" | null {
  if (profile === undefined) return null;
  if (profile.type === "date" || profile.type === "timestamp") return "date";
  const [min, max] = profile.range ?? [0, 0];
  return profile.isWhole && min >= 1900 && max <= 2100 ? "year" : null;
}

/** Days from 1954 to 2064 as Excel counts them, in a column that is named as a date. */
const isExcelDay = (name: string, range: ColumnProfile["range"]): boolean =>
  /(?:^|_)(?:date|datum)(?:_|$)/.test(name) && range !== null && range[0] >= 20_000 && range[1] <= 60_000;

function leftOut({ type, known, distinct, rows, isWhole, range }: ColumnProfile, name: string): string | null {
  if (known === 0) return "no values";
  if (distinct === 1 && known === rows) return "one value in all rows";
  if (type === "number" && isWhole && isExcelDay(name, range))
    return "days as Excel counts them; with `type: date, formats: [excel]` they are dates";
  if (type === "date" || type === "timestamp")
    return "a date; use the days between it and another date, if it is known at that time";
  const isCode = /(?:^|_)(?:id|nr|no|number|key|code)$/.test(name) || /^(?:id|po|so|asn|pq)_/.test(name);
  if (type === "number" && isWhole && isCode && distinct > known / 2) return "a number that identifies the row";
  if (type === "number" && range === null) return "no numbers";
  return null;
}

function findId(
  sample: Sample,
  profiles: readonly ColumnProfile[],
  names: readonly string[],
  mayBe: (at: number) => boolean,
): number | null {
  const filled = (at: number): boolean => {
    const { known, rows, distinct, type, isWhole } = profiles[at] as ColumnProfile;
    return (
      mayBe(at) && known >= rows * FILLED_SHARE && distinct > 1 && (type === "text" || (type === "number" && isWhole))
    );
  };
  for (const pattern of ID_NAMES) {
    const at = names.findIndex((name, i) => pattern.test(name) && filled(i));
    if (at >= 0) return at;
  }
  // A text that differs in every row, before the numbers.
  const unique = profiles.findIndex(
    (p, at) => filled(at) && p.type === "text" && p.distinct === sample.rows.length && p.meanLength < LONG_TEXT,
  );
  return unique >= 0 ? unique : null;
}

/** Returns the column of texts with the names of the suppliers; null when there is none. */
function findName(
  profiles: readonly ColumnProfile[],
  names: readonly string[],
  mayBe: (at: number) => boolean,
): number | null {
  for (const pattern of PEOPLE_NAMES) {
    const at = names.findIndex((name, i) => pattern.test(name) && mayBe(i) && isNameLike(profiles[i]));
    if (at >= 0) return at;
  }
  return null;
}

const isNameLike = (profile: ColumnProfile | undefined): boolean =>
  profile !== undefined && profile.type === "text" && profile.distinct > 1 && profile.meanLength < LONG_TEXT;

function findDate(
  sample: Sample,
  profiles: readonly ColumnProfile[],
  names: readonly string[],
  idAt: number | null,
  mayBe: (at: number) => boolean,
): number | null {
  const dates = [...profiles.keys()].filter(
    (at) =>
      mayBe(at) &&
      at !== idAt &&
      dateOf(profiles[at]) !== null &&
      (profiles[at]?.known ?? 0) >= sample.rows.length * FILLED_SHARE,
  );
  const isNamed = (at: number): boolean => isDateName(names[at] ?? "");
  const isDate = dates.filter(
    (at) => isNamed(at) || (dateOf(profiles[at]) === "date" && idAt !== null && rowsPer(sample, [idAt]) > 1),
  );
  // The date by which most rows of an id differ; one with a usual name when several are as good.
  const scored = isDate.map((at) => ({ at, score: -rowsPer(sample, [idAt, at]) + (isNamed(at) ? 0.01 : 0) }));
  return scored.toSorted((a, b) => b.score - a.score)[0]?.at ?? null;
}

/** Returns the mean number of rows with the same values in these columns. */
function rowsPer({ rows }: Sample, columns: readonly (number | null)[]): number {
  const [first, ...more] = columns;
  if (first === null || first === undefined) return 1;
  const keys = new Set(
    rows.map((row) => [first, ...more].map((at) => (at === null || at === undefined ? "" : row[at])).join("\0")),
  );
  return rows.length / keys.size;
}

function readLabel({ rows }: Sample, at: number, name: string, risk: string | undefined): LabelValues {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const value = row[at] ?? "";
    if (value !== "") counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const values = [...counts].sort((a, b) => b[1] - a[1]);
  const listed = values
    .slice(0, 10)
    .map(([value, count]) => `${JSON.stringify(value)} (${count})`)
    .join(", ");
  const total = values.reduce((sum, [, count]) => sum + count, 0);
  if (values.length < 2)
    throw new UsageError(
      `--label: the column has ${values.length === 0 ? "no value" : `only the value ${listed}`}; two are needed`,
    );
  if (risk !== undefined && !counts.has(risk))
    throw new UsageError(`--risk: the label has no value ${JSON.stringify(risk)}; its values are ${listed}`);
  if (values.length > 2 && risk === undefined)
    throw new UsageError(
      `--label: the column has ${values.length} values: ${listed}; name the one that is the risk with --risk VALUE, all others count as the other class`,
    );
  const named = values.filter(([value]) => RISK_WORDS.test(value)).map(([value]) => value);
  const rarest = values.at(-1)?.[0] ?? "";
  const chosen = risk ?? (named.length === 1 ? (named[0] ?? rarest) : rarest);
  const rest = values.filter(([value]) => value !== chosen).map(([value]) => value);
  const isNumber = chosen === "1" && rest.length === 1 && rest[0] === "0";
  return {
    sql: isNumber
      ? name
      : `case when ${name} is null then null when ${name} = '${chosen.replaceAll("'", "''")}' then 1 else 0 end`,
    riskClass: className(chosen, isNumber ? "risk" : "risk"),
    otherClass: className(rest.length === 1 ? (rest[0] ?? "") : "", "other"),
    rate: (counts.get(chosen) ?? 0) / total,
    isGuess: risk === undefined && !isNumber && named.length !== 1,
  };
}

/** Returns a class name that a model configuration may have. */
function className(value: string, otherwise: string): string {
  const name = value
    .replace(/[^\p{L}\p{N} _-]+/gu, " ")
    .trim()
    .slice(0, 40);
  return /^\p{L}/u.test(name) ? name : otherwise;
}
