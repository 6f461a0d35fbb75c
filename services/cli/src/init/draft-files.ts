import { countText } from "@bellwether/reasons/count-text";
import type { Column, Roles } from "./choose-column-roles.ts";
import { dateOf } from "./choose-column-roles.ts";
import { attributesOf } from "./draft-attributes.ts";
import type { ColumnProfile, NumberMarks } from "./profile-column.ts";
import type { Sample } from "./read-sample.ts";

/** Names that both files use. */
export interface DraftNames {
  /** Name of the model. */
  readonly model: string;
  /** File name below the data folder. */
  readonly file: string;
}

/** Name of the table in the mapping's SQL. */
const TABLE = "records";
const q = (text: string): string => JSON.stringify(text);
const list = (texts: readonly string[]): string => `[${texts.map(q).join(", ")}]`;

/** A range is this number of times as wide as the data, so that it rejects only what is impossible. */
const RANGE_FACTOR = 1000;
const MAX_TERMS = 50;

const features = ({ columns }: Roles): Column[] =>
  columns.filter(({ role }) => role === "numeric" || role === "category");
const textOf = ({ columns }: Roles): Column | undefined => columns.find(({ role }) => role === "text");
/** Name of the target without a label. */
const NO_LABEL = "risk_event";
/** The label is named after its column, in a way that no feature has. */
const targetOf = ({ label, columns }: Roles): string => {
  if (label !== null) return `${label.column.name.slice(0, 50)}_label`;
  return columns.some(({ name }) => name === NO_LABEL) ? `${NO_LABEL}_label` : NO_LABEL;
};

/** Returns model_config.yaml. */
export function draftModelConfig(roles: Roles, { model, file }: DraftNames): string {
  const { asOf, label } = roles;
  const text = textOf(roles);
  const [medium, high] = label === null ? NO_LABEL_BANDS : bandLimits(label.rate);
  return `# Drafted by \`bellwether init\` from ${commentText(file)}. Lines with TODO are guesses that a person must check.
# What each field means: docs/adding-a-data-set.md, section 2.
version: 1
name: ${model}

# TODO for each feature: the unit, the physically possible range (a value outside it rejects its row), and the direction when you
# know it: raises or lowers (the trees then follow it).
features:
${features(roles).map(featureLines).join("\n")}
${text === undefined ? "" : `\ntext: { name: ${text.name}, max_terms: ${MAX_TERMS}, stop_words: english }   # TODO: none for texts that are not English\n`}
${targetLines(roles)}

# TODO: the scores from which a supplier is of medium and of high risk. ${label === null ? "A scorecard has bands of its own." : `${(100 * label.rate).toFixed(1)} % of the rows are positive.`}
bands: { medium: ${medium}, high: ${high} }
minimum_present: 0.5

trainer:
  kind: gradient_boosting
  trees: 100
  max_depth: 3
  learning_rate: 0.1
  l2: 5
  min_child_weight: 5
  subsample: 0.8
  column_sample: 0.8

${splitLines(asOf)}
seed: 42
`;
}

/** Bands without a label. */
const NO_LABEL_BANDS = [0.2, 0.4] as const;

function targetLines(roles: Roles): string {
  const { label } = roles;
  if (label === null)
    return `# TODO: the event whose risk is scored, and the time that it covers. The label is not known yet.
target: { name: ${targetOf(roles)}, risk_class: high_risk, other_class: low_risk }`;
  const { riskClass, otherClass, isGuess, column } = label;
  return `# TODO: what the label ${q(column.profile.header)} means, and which time it covers. ${isGuess ? `TODO: it is a guess that ${q(riskClass)} is the risk.` : ""}
target: { name: ${targetOf(roles)}, risk_class: ${q(riskClass)}, other_class: ${q(otherClass === riskClass ? "other" : otherClass)} }`;
}

/** Number of dates from which on the latest fifth of the rows can be the test rows. */
const MIN_DATES = 5;

function splitLines(asOf: Column | null): string {
  if (asOf !== null && asOf.profile.distinct >= MIN_DATES)
    return "# TODO: horizon_days is the time that the label covers, in days; training rows whose time reaches into the test period are left out.\nsplit: { by: time, test_share: 0.2, horizon_days: 0 }";
  const why =
    asOf === null
      ? "the rows have no date. With one (init --date COLUMN)"
      : `the rows have ${countText(asOf.profile.distinct, "date")}. With ${MIN_DATES} or more (by: time)`;
  return `# TODO: ${why}, the latest rows are the test rows, as in practice.\nsplit: { by: supplier, test_share: 0.2 }`;
}

function featureLines({ name, profile, role }: Column): string {
  const about = `# ${commentText(profile.header)}: ${aboutValues(profile)}`;
  if (role === "category") return `  - { name: ${name}, kind: category }   ${about}`;
  const unit = unitOf(name, profile);
  const [min, max] = rangeOf(profile, unit);
  return `  - { name: ${name}, kind: numeric, unit: ${q(unit)}, range: [${min}, ${max}] }   ${unit === NO_UNIT ? about.replace("#", "# TODO: unit.") : about}`;
}

function aboutValues({ range, known, rows, distinct, type, frequent }: Column["profile"]): string {
  const missing = known === rows ? "" : `, ${(100 * (1 - known / rows)).toFixed(1)} % missing`;
  if (type === "boolean") return `true or false${missing}`;
  if (range !== null) return `${range[0]} to ${range[1]} in the data${missing}`;
  return `${distinct} values${missing}, such as ${commentText(frequent.slice(0, 3).join(", "))}`;
}

/** Returns a text for a YAML comment. */
const commentText = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").slice(0, 100);

/** Returns a range that is much wider than the data. Shares stay shares, percentages up to 100 % stay so, and years are years. */
function rangeOf({ range, isWhole, type }: Column["profile"], unit: string): [number, number] {
  const [min, max] = type === "boolean" || range === null ? [0, 1] : range;
  if (unit !== "%" && min >= 0 && max <= 1 && (!isWhole || type === "boolean")) return [0, 1];
  if (unit === "%" && min >= 0 && max <= 100) return [0, 100];
  if (unit === YEAR) return [1800, 2200];
  const end = Math.min(1e300, 10 ** Math.ceil(Math.log10(Math.max(1, Math.abs(min), Math.abs(max)) * RANGE_FACTOR)));
  return min >= 0 ? [0, end] : [-end, end];
}

const YEAR = "year";
/** Unit of a number whose name does not show its unit: not known, so that no text shows it. */
const NO_UNIT = "";

/** Units by the name of a column and its header, in lower case. */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/(?:^|_)(?:usd|dollars?)(?:_|$)|\$/, "usd"],
  [/(?:^|_)(?:eur|euros?)(?:_|$)|€/, "eur"],
  [/percent|pct|prozent|%/, "%"],
  [/hours?(?:_|$)|stunden/, "hours"],
  [/days?(?:_|$)|(?:^|_)(?:[a-z]{3,}s)?tage(?:_|$)/, "days"],
  [/months?(?:_|$)|monate/, "months"],
  [/years(?:_|$)|jahre(?:_|$)/, "years"],
  [/kilogram|_kg/, "kg"],
  [/(?:^|_)(?:count|number_of|no_of|anzahl)(?:_|$)/, "count"],
  [/(?:^|_)(?:score|rating|index)$/, "points"],
];

const CURRENCY_UNITS: Readonly<Record<string, string>> = { "€": "eur", $: "usd", "£": "gbp", US$: "usd" };

function unitOf(name: string, profile: Column["profile"]): string {
  const { range, isWhole, type, currency } = profile;
  if (profile.percent) return "%";
  if (currency[0] !== undefined) return CURRENCY_UNITS[currency[0]] ?? currency[0].toLowerCase();
  if (type === "boolean" || (range !== null && range[0] >= 0 && range[1] <= 1 && !isWhole)) return "share";
  if (/(?:^|_)(?:year|jahr)(?:_|$)/.test(name) && dateOf(profile) === "year") return YEAR;
  const text = `${name} ${profile.header.toLowerCase()}`;
  const found = UNITS.find(([pattern]) => pattern.test(name) || (/[€$%]/.test(text) && pattern.test(text)))?.[1];
  return found ?? (range?.[0] === 0 && range[1] === 1 ? "share" : NO_UNIT);
}

/** Two and four times the share of positive rows, which a rare event seldom exceeds. */
function bandLimits(rate: number): [number, number] {
  const round = (value: number): number => Number(value.toPrecision(2));
  return [round(Math.min(0.5, Math.max(0.002, rate * 1.5))), round(Math.min(0.8, Math.max(0.004, rate * 3)))];
}

/** Returns feature_mapping.yaml. */
export function draftMapping(sample: Sample, roles: Roles, { file }: DraftNames): string {
  const { asOf, rowsPerId } = roles;
  const id = roles.id?.name ?? "row_number() over ()";
  const asOfSql =
    asOf === null ? null : dateOf(asOf.profile) === "year" ? `make_date(${asOf.name}, 12, 31)` : asOf.name;
  const usual = usualMarks(roles.columns.map(({ profile }) => profile));
  const used = roles.columns.filter(({ role }) => role !== "left out");
  const leftOut = roles.columns.filter(({ role }) => role === "left out");
  const isRaw = asOf !== null && rowsPerId > 1;
  return `# Drafted by \`bellwether init\` from ${commentText(file)}. Lines with TODO are guesses that a person must check.
# The language: docs/mapping.md.
version: 1

sources:
  ${TABLE}:
    file: ${q(file)}
${formLines(sample, roles, "    ")}
    columns:
${used.map((column) => columnLine(column, "      ", sample, usual)).join("\n")}
${leftOut.map(({ name, profile, reason }) => `      # left out: ${name} (${commentText(profile.header)}): ${reason}`).join("\n")}

rows:
  from: ${TABLE}
${rowsLines(roles, id, asOfSql, "  ")}

${labelLines(roles, id, asOfSql)}

${isRaw ? RAW_WEEKLY : flatWeekly(sample, roles, { id, asOfSql, file })}`;
}

function labelLines(roles: Roles, id: string, asOfSql: string | null): string {
  const { asOf, rowsPerKey, label } = roles;
  const isRepeated = rowsPerKey > 1;
  const repeated = isRepeated
    ? `\n# TODO: there are ${rowsPerKey.toFixed(2)} rows of ${asOf === null ? "an id" : "an id and date"} on average. Only the first one is used; combine them in \`steps\`.`
    : "";
  if (label === null)
    return `# The label is not known yet. When outcomes are known, add \`label\`: a SELECT of supplier_id${asOf === null ? "" : ", as_of"} and ${targetOf(roles)}, 1 or 0.${repeated}`;
  const keys = [
    `${id} as supplier_id`,
    ...(asOfSql === null ? [] : [`${asOfSql}${asOf?.name === "as_of" ? "" : " as as_of"}`]),
  ];
  const value = isRepeated ? `max(${label.sql})` : label.sql;
  return `# TODO: a label must not be known before its features end, and no feature may be recorded after it.${repeated}
label: |
  select ${[...keys, `${value} as ${targetOf(roles)}`].join(", ")}
  from ${TABLE}
  where ${label.column.name} is not null${isRepeated ? "\n  group by all" : ""}`;
}

const RAW_WEEKLY = `# A weekly run reads the same columns and scores the newest row of each supplier.
weekly:
  form: raw
`;

function flatWeekly(
  sample: Sample,
  roles: Roles,
  { id, asOfSql, file }: { readonly id: string; readonly asOfSql: string | null; readonly file: string },
): string {
  const usual = usualMarks(roles.columns.map(({ profile }) => profile));
  const used = roles.columns.filter(({ role }) => role !== "left out" && role !== "label");
  return `# A weekly run reads a file with the same columns, without the label.
weekly:
  form: flat
  source:
    file: ${q(file)}
${formLines(sample, roles, "    ")}
    columns:
${used.map((column) => columnLine(column, "      ", sample, usual)).join("\n")}
  rows:
${rowsLines(roles, id, asOfSql, "    ")}
`;
}

/**
 * Returns the marks that most numbers of a table have. Columns with thousands marks decide, because a number such as
 * 1.590 alone can be read in two ways.
 */
export function usualMarks(profiles: readonly ColumnProfile[]): NumberMarks {
  const numbers = profiles.filter(({ type, isWhole, thousands }) => type === "number" && (!isWhole || thousands));
  const marked = numbers.filter(({ thousands }) => thousands !== null);
  const deciding = marked.length > 0 ? marked : numbers;
  const commas = deciding.filter((profile) => profile.decimal === ",").length;
  const decimal = commas > deciding.length / 2 ? "," : ".";
  return { decimal, thousands: marked.find((profile) => profile.decimal === decimal)?.thousands ?? null };
}

function formLines({ format, delimiter, encoding, skipLines }: Sample, { columns }: Roles, indent: string): string {
  if (format === "parquet") return `${indent}format: parquet`;
  const { decimal, thousands } = usualMarks(columns.map(({ profile }) => profile));
  const lines = [
    `${indent}format: csv`,
    ...(skipLines === 0 ? [] : [`${indent}skip_lines: ${skipLines}`]),
    `${indent}delimiter: ${q(delimiter)}`,
    `${indent}decimal: ${q(decimal)}`,
    ...(thousands === null ? [] : [`${indent}thousands: ${q(thousands)}`]),
    ...(encoding === "utf-8" ? [] : [`${indent}encoding: ${encoding}`]),
  ];
  return lines.join("\n");
}

function columnLine(
  { name, profile, role }: Column,
  indent: string,
  { format }: Pick<Sample, "format">,
  usual: NumberMarks,
): string {
  const type = typeOf(profile, role);
  const isDate = type === "date" || type === "timestamp";
  const parts = [
    ...(name === profile.header ? [] : [`header: ${q(profile.header)}`]),
    `type: ${type}`,
    ...(type === "text" ? ["trim: true"] : []),
    ...(type === "number" && format === "csv" ? [...ownMarks(profile, usual), ...otherMarks(profile)] : []),
    ...(isDate ? [`formats: ${list(profile.formats)}`] : []),
    ...(profile.nullValues.length > 0 && role !== "label" ? [`null_values: ${list(profile.nullValues)}`] : []),
    ...(profile.nullPatterns.length > 0 && role !== "label" ? [`null_patterns: ${list(profile.nullPatterns)}`] : []),
  ];
  const todo = [
    ...(profile.isAmbiguous ? ["TODO: day and month may be the other way round"] : []),
    ...(profile.nullPatterns.length > 0 || profile.nullValues.length > 3
      ? ['TODO: these values count as "not known"']
      : []),
  ];
  return `${indent}${name}: { ${parts.join(", ")} }${todo.length > 0 ? `   # ${todo.join("; ")}` : ""}`;
}

/** Returns the marks of a column whose numbers are written in another way than most of the table. */
function ownMarks({ isWhole, decimal, thousands }: ColumnProfile, usual: NumberMarks): string[] {
  if (isWhole && thousands === null) return [];
  if (decimal === usual.decimal && (thousands === null || thousands === usual.thousands)) return [];
  return [`decimal: ${q(decimal)}`, `thousands: ${thousands === null ? "none" : q(thousands)}`];
}

/** Returns the marks beside the digits. Percentages are read as the numbers that the file shows: 12 % is 12. */
function otherMarks({ percent, currency, negative }: ColumnProfile): string[] {
  return [
    ...(percent ? ["percent: points"] : []),
    ...(currency.length === 0 ? [] : [`currency: ${list(currency)}`]),
    ...(negative.length === 0 ? [] : [`negative: [${negative.join(", ")}]`]),
  ];
}

function typeOf(profile: Column["profile"], role: Column["role"]): string {
  if (role === "id" || role === "name" || role === "category" || role === "text") return "text";
  if (role === "label") return profile.type === "number" && isZeroOne(profile) ? "integer" : "text";
  if (role === "as_of" && dateOf(profile) === "year") return "integer";
  return profile.type;
}

const isZeroOne = ({ range, distinct }: Column["profile"]): boolean =>
  distinct === 2 && range?.[0] === 0 && range[1] === 1;

function rowsLines(roles: Roles, id: string, asOfSql: string | null, indent: string): string {
  const text = textOf(roles);
  const attributes = attributesOf(roles);
  const isMissing = (wanted: string): boolean => !attributes.some(([key]) => key === wanted);
  return [
    roles.id === null
      ? `${indent}supplier_id: ${id}   # TODO: no column identifies the rows; a row number is another supplier in the next file`
      : `${indent}supplier_id: ${id}`,
    ...(asOfSql === null ? [] : [`${indent}as_of: ${asOfSql}`]),
    `${indent}features:`,
    ...features(roles).map(({ name }) => `${indent}  - ${name}`),
    ...(text === undefined ? [] : [`${indent}text: ${text.name}`]),
    ...(attributes.length === 0 ? [] : [`${indent}attributes:   # TODO: stored with the score, not used by the model`]),
    ...attributes.map(([key, column]) => `${indent}  ${key}: ${column}`),
    ...(isMissing("display_name")
      ? [
          `${indent}# TODO: attributes: display_name: COLUMN, when a column has the names of the suppliers; without it, the id is shown`,
        ]
      : []),
    ...(isMissing("exposure")
      ? [
          `${indent}# TODO: attributes: exposure: COLUMN, when a column has the money at stake, such as the spend of a year; without it, no amount is shown`,
        ]
      : []),
  ].join("\n");
}
