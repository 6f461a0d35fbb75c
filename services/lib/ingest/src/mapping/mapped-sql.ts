import type { AttributeMapping, RowsMapping } from "@bellwether/config/feature-mapping";
import type { ModelSpec } from "@bellwether/config/model-spec";
import { sqlName, sqlText } from "../duckdb/quote-sql.ts";
import { trimSql } from "../duckdb/trim-sql.ts";
import { MAX_SAMPLE_TEXT } from "../rejected-rows.ts";
import { idSql } from "../supplier-id.ts";
import { EXPOSURE_CHANGE, exposureChange, FAILED_ATTRIBUTES } from "./changed-attributes.ts";
import { FIRST_ROW } from "./duplicate-rows.ts";
import { COLUMN, given, type RejectedRowReason } from "./rejected-row-reasons.ts";
import { failedMark, triedSql, triedValue } from "./tried-expressions.ts";

/**
 * Quoted SQL name of the table that `mapRows` creates. Accepted rows are those where `~fault` is null; `~row`
 * is their order: their place in the files, or their number.
 */
export const MAPPED = '"mapped rows"';

/** Quoted SQL name of the mark that a row's supplier id was cleaned while its source was read. */
export const CLEANED_BEFORE = '"~cleaned before"';

/** Quoted SQL name of the value by which the newest row of a supplier is found. */
const KEEP = '"~keep"';

/** Quoted SQL names of the columns of `MAPPED` that are marks and not values. */
export const MARK_COLUMNS = [
  '"~row"',
  '"~place"',
  '"~fault"',
  '"~text"',
  FIRST_ROW,
  '"~cleaned"',
  CLEANED_BEFORE,
  EXPOSURE_CHANGE,
  FAILED_ATTRIBUTES,
];

/** The input of `mapRows`. */
export interface RowsToMap {
  /** Path of `rows` in the mapping, for errors. */
  readonly path: string;
  readonly rows: RowsMapping;
  /** Table expression with the columns that the expressions of `rows` use. */
  readonly from: string;
  /** SQL of a row's position in its file, 0 for the first; null when rows are results of the mapping's SQL. */
  readonly place: string | null;
  /** SQL that is true when the row's supplier id was cleaned while its source was read; null when that is not known. */
  readonly cleaned: string | null;
  readonly model: ModelSpec;
  /** Table with supplier_id, as_of (when the rows have one) and label. Rows without a label are left out. */
  readonly labels: string | null;
  /** As-of date of rows without a mapped one; ISO date. */
  readonly asOf: string | null;
  /** Whether only the newest row of each supplier that is not after `asOf` is kept. */
  readonly newestOnly: boolean;
}

/** Returns the SQL of a row's number, the column `~row`: its place, or the number of the result of the mapping's SQL. */
export const rowSql = (place: string | null): string => place ?? "row_number() over ()";

/** One column of the table of mapped rows. */
export interface MappedColumn {
  readonly name: string;
  /** Name of the feature, attribute or key, for people. */
  readonly label: string;
  /** An attribute that cannot be computed becomes unknown. Any other value that cannot be computed rejects its row. */
  readonly isAttribute: boolean;
  /** SQL of the mapping's expression; null when the column is always null. */
  readonly expression: string | null;
  /** Path of the expression in the mapping. */
  readonly path: string;
  /**
   * Returns SQL that casts the result of the expression.
   * @param value SQL of that result
   */
  readonly cast: (value: string) => string;
}

/** Name of each attribute's column, which is also its key in YAML. */
const ATTRIBUTES = {
  displayName: "display_name",
  region: "region",
  category: "category",
  exposure: "exposure",
  owner: "owner",
} as const satisfies Record<keyof AttributeMapping, string>;

const textCast = (value: string) => `nullif(${trimSql(`${value}::varchar`, [" "])}, '')`;

/** Returns the columns of the table of mapped rows, in their order. */
export function mappedColumns({ rows, model, path, asOf }: RowsToMap): MappedColumn[] {
  const isAttribute = false;
  const [id, day] = ["supplier_id", "as_of"] as const;
  const columns: MappedColumn[] = [
    {
      ...{ name: id, label: id, isAttribute, expression: rows.supplierId, path: `${path}.supplier_id` },
      cast: idSql,
    },
    {
      ...{ name: day, label: day, isAttribute },
      expression: rows.asOf ?? (asOf === null ? null : `date ${sqlText(asOf)}`),
      path: `${path}.as_of`,
      cast: (value) => `try_cast(${value} as date)`,
    },
  ];
  for (const feature of model.features) {
    const numeric = feature.kind === "numeric";
    columns.push({
      name: numeric ? COLUMN.number(feature.name) : COLUMN.category(feature.name),
      ...{ label: feature.name, isAttribute },
      expression: rows.features[feature.name] ?? null,
      path: `${path}.features.${feature.name}`,
      cast: numeric ? (value) => `try_cast(${value} as double)` : textCast,
    });
  }
  if (model.text)
    columns.push({
      name: COLUMN.text(model.text.name),
      ...{ label: model.text.name, isAttribute },
      expression: rows.text,
      path: `${path}.text`,
      cast: (value) => `coalesce(${value}::varchar, '')`,
    });
  for (const [key, name] of Object.entries(ATTRIBUTES))
    columns.push({
      name: COLUMN.attribute(name),
      ...{ label: name, isAttribute: true },
      expression: rows.attributes[key as keyof AttributeMapping],
      path: `${path}.attributes.${name}`,
      cast: name === "exposure" ? nonNegative : textCast,
    });
  return columns;
}

/**
 * Returns SQL that casts a value to a finite number of at least 0, else to null: an invalid attribute does
 * not reject its supplier.
 */
function nonNegative(value: string): string {
  const cast = `try_cast(${value} as double)`;
  return `case when isfinite(${cast}) and ${cast} >= 0 then ${cast} end`;
}

/**
 * Returns an SQL condition that is true when cleaning changed the id. A number does not count: it is only
 * formatted differently.
 */
function cleanedMark(): string {
  const id = given("supplier_id");
  return `(typeof(${id}) not in ('DOUBLE', 'FLOAT') and ${idSql(id)} is distinct from nullif(${id}::varchar, ''))`;
}

/**
 * Returns the SELECT of every column of the mapped rows, with `MARK_COLUMNS`.
 * @param tried columns whose expression must not end the statement when it fails for a row
 */
export function mappedSql(
  task: RowsToMap,
  columns: readonly MappedColumn[],
  violations: readonly RejectedRowReason[],
  tried: readonly MappedColumn[],
): string {
  const { keepNewestBy } = task.rows;
  const keep = keepNewestBy === undefined ? "" : `${sqlName(keepNewestBy)} as ${KEEP}, `;
  const values = columns.map((column) => {
    const { name, expression } = column;
    if (expression === null) return `null as ${given(name)}`;
    return tried.includes(column) ? triedSql(name, expression) : `(\n${expression}\n) as ${given(name)}`;
  });
  const casts = columns.map((c) => `${c.cast(given(c.name))} as ${sqlName(c.name)}`);
  const marks = violations.map((violation, i) => `when ${violation.when} then ${i}`).join(" ");
  const texts = violations
    .map((violation, i) => `when ${i} then left(${violation.text}, ${MAX_SAMPLE_TEXT})`)
    .join(" ");
  const failedMarks = tried.map(({ name }) => failedMark(name));
  const unused = [...columns.map((c) => given(c.name)), ...failedMarks, ...(keep ? [KEEP] : [])];
  return `
    with given_rows as (
      select ${rowSql(task.place)} as "~row", ${task.place ?? "null"} as "~place", ${task.cleaned ?? "false"} as ${CLEANED_BEFORE}, ${keep}${values.join(", ")} from ${task.from}
    ),
    computed_rows as (${computedRows(tried)}),
    cast_rows as (select *, ${casts.join(", ")}, ${cleanedMark()} as "~cleaned",
      ${exposureChange()} as ${EXPOSURE_CHANGE}, ${failedAttributes(tried)} as ${FAILED_ATTRIBUTES} from computed_rows),
    chosen_rows as (${chosenRows(task)}),
    marked_rows as (select *, case ${keep && olderMark(task)} ${marks} end as "~fault" from chosen_rows)
    select * exclude (${unused.join(", ")}),
      case "~fault" ${texts} end as "~text", null::bigint as ${FIRST_ROW}
    from marked_rows`;
}

/** Returns the SELECT of the given rows, with the value of each tried expression and the mark that it failed. */
function computedRows(tried: readonly MappedColumn[]): string {
  if (tried.length === 0) return "select * from given_rows";
  const names = tried.map(({ name }) => name);
  return `select * exclude (${names.map(triedValue).join(", ")}),
    ${names.map((name) => `${triedValue(name)}.value as ${given(name)}, ${triedValue(name)} is null as ${failedMark(name)}`).join(", ")}
    from given_rows`;
}

/** Returns the SQL of the names of a row's attributes whose expression failed; null when none was tried. */
function failedAttributes(tried: readonly MappedColumn[]): string {
  const names = tried
    .filter(({ isAttribute }) => isAttribute)
    .map(({ name, label }) => `case when ${failedMark(name)} then ${sqlText(label)} end`);
  return names.length === 0 ? "null::varchar[]" : `list_filter([${names.join(", ")}], one -> one is not null)`;
}

/** Value of `~fault` for a row that is older than another one of its key. */
export const OLDER = -1;

/** Returns the SQL case of a row with a newer one of the same supplier (and date). Rows of the same age stay. */
function olderMark({ rows, asOf }: RowsToMap): string {
  const key = rows.asOf === null && asOf === null ? "supplier_id" : "supplier_id, as_of";
  return `when supplier_id is not null and rank() over (partition by ${key} order by ${KEEP} desc nulls last) > 1 then ${OLDER}`;
}

/** Returns the SELECT of the rows with a label, or of each supplier's newest row, or of all rows. */
function chosenRows({ labels, rows, newestOnly, asOf }: RowsToMap): string {
  if (labels !== null) {
    // A row without a key cannot have a label; it is kept here and rejected later because of its key.
    const [sameDay, noKey] =
      rows.asOf === null
        ? ["", "supplier_id is null"]
        : ["and as_of = label_as_of", "supplier_id is null or as_of is null"];
    return `select cast_rows.*, ${given("label")}, try_cast(${given("label")} as double) as label
      from cast_rows left join ${labels} on supplier_id = label_id ${sameDay}
      where label_id is not null or ${noKey}`;
  }
  if (!newestOnly) return "select * from cast_rows";
  // A row without a date or a supplier cannot be the newest of a supplier; it is kept here and rejected
  // later. Rows of the same date stay: they are duplicates.
  return `select * from cast_rows ${asOf === null ? "" : `where as_of is null or as_of <= date ${sqlText(asOf)}`}
    qualify as_of is null or supplier_id is null or rank() over (partition by supplier_id order by as_of desc${rows.keepNewestBy === undefined ? "" : `, ${KEEP} desc nulls last`}) = 1`;
}
