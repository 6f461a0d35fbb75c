import type { AttributeMapping, RowsMapping } from "@bellwether/config/feature-mapping";
import type { ModelSpec } from "@bellwether/config/model-spec";
import { sqlName, sqlText } from "../duckdb/quote-sql.ts";
import { StatementStoppedError, type Workspace } from "../duckdb/workspace.ts";
import { IngestLimitError, MappingSqlError } from "../ingest-errors.ts";
import { MAX_SAMPLE_TEXT, type ReasonCount } from "../rejected-rows.ts";
import { idSql } from "../supplier-id.ts";
import { type ChangedAttribute, changedAttributes, EXPOSURE_CHANGE, exposureChange } from "./changed-attributes.ts";
import { duplicateRowReasons, FIRST_ROW, keptRows, markDuplicateRows, type RowMark } from "./duplicate-rows.ts";
import { findFailingExpression } from "./failing-expression.ts";
import { COLUMN, given, type RejectedRowReason, rejectedRowReasons } from "./rejected-row-reasons.ts";
import { checkExpressions, findBadExpression, type MappingSql, mappingError } from "./select-statement.ts";

/**
 * Quoted SQL name of the table that `mapRows` creates. Accepted rows are those where `~fault` is null; `~row`
 * is their order.
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

/** A row that violates a rule. */
export interface ViolationSample {
  readonly place: number | null;
  /** The row of the same key that was kept, for a row that was rejected as its duplicate. */
  readonly kept: { readonly place: number | null; readonly difference: string } | null;
  readonly column: string;
  readonly reason: string;
  /** Text that reports show: the supplier, the date and the invalid value. */
  readonly text: string;
}

/** Counts of the rows: `given` = `rows` + the rows of `reasons` + `notChosen` + `older`. */
export interface MappedRows {
  /** Number of rows of the table that was mapped. */
  readonly given: number;
  /** Number of accepted rows. */
  readonly rows: number;
  readonly reasons: readonly ReasonCount[];
  readonly samples: readonly ViolationSample[];
  /**
   * Number of rows that are neither accepted nor rejected. In training: rows without a label. In a weekly run of raw
   * files: rows that are not the newest of their supplier up to `asOf`.
   */
  readonly notChosen: number;
  /** Number of rows that are older than another one of their supplier (and date), by `keepNewestBy`. */
  readonly older: number;
  readonly cleanedIds: CleanedIds;
  /**
   * Changed attributes of accepted rows. Empty when rows are mapped for training, which stores no attributes.
   */
  readonly changedAttributes: readonly ChangedAttribute[];
}

/** Number of supplier ids from which zero-width characters or surrounding white space were removed. */
export interface CleanedIds {
  readonly rows: number;
  /** Number of rows that are rejected because their cleaned id equals that of another row. */
  readonly duplicates: number;
}

/** One column of the table of mapped rows. */
interface MappedColumn {
  readonly name: string;
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

const textCast = (value: string) => `nullif(trim(${value}::varchar), '')`;

function mappedColumns({ rows, model, path, asOf }: RowsToMap): MappedColumn[] {
  const columns: MappedColumn[] = [
    { name: "supplier_id", expression: rows.supplierId, path: `${path}.supplier_id`, cast: idSql },
    {
      name: "as_of",
      expression: rows.asOf ?? (asOf === null ? null : `date ${sqlText(asOf)}`),
      path: `${path}.as_of`,
      cast: (value) => `try_cast(${value} as date)`,
    },
  ];
  for (const feature of model.features) {
    const numeric = feature.kind === "numeric";
    columns.push({
      name: numeric ? COLUMN.number(feature.name) : COLUMN.category(feature.name),
      expression: rows.features[feature.name] ?? null,
      path: `${path}.features.${feature.name}`,
      cast: numeric ? (value) => `try_cast(${value} as double)` : textCast,
    });
  }
  if (model.text)
    columns.push({
      name: COLUMN.text(model.text.name),
      expression: rows.text,
      path: `${path}.text`,
      cast: (value) => `coalesce(${value}::varchar, '')`,
    });
  for (const [key, name] of Object.entries(ATTRIBUTES))
    columns.push({
      name: COLUMN.attribute(name),
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
 * Evaluates the expressions of `rows` into the table `MAPPED` and marks the first rule that a row violates.
 * @throws MappingSqlError when an expression is rejected or fails.
 */
export async function mapRows(workspace: Workspace, task: RowsToMap): Promise<MappedRows> {
  const columns = mappedColumns(task);
  const expressions = columns.flatMap(({ path, expression }) => (expression === null ? [] : { path, sql: expression }));
  await checkExpressions(workspace, expressions);
  const { keepNewestBy } = task.rows;
  const keep = keepNewestBy === undefined ? [] : [{ path: `${task.path}.keep`, sql: sqlName(keepNewestBy) }];
  const badKeep = await findBadExpression(workspace, keep, task.from);
  if (badKeep !== null) throw badKeep;
  const hasAsOf = task.rows.asOf !== null || task.asOf !== null;
  const violations = rejectedRowReasons(task.model, { asOf: hasAsOf, label: task.labels !== null });
  if (workspace.evaluatesAlone) {
    const failing = await findFailingExpression(workspace, task, expressions, false);
    throw failing ?? new MappingSqlError(task.path, "every expression can be evaluated alone");
  }
  try {
    workspace.report({ statement: task.path });
    await workspace.run(
      `create table ${MAPPED} as ${mappedSql(task, columns, violations)}`,
      workspace.limits.sqlTimeoutMs,
    );
  } catch (error) {
    throw (await expressionError(workspace, task, expressions, error)) ?? mappingError(task.path, error);
  }
  const compared = [...columns.map((column) => sqlName(column.name)), ...(task.labels === null ? [] : ["label"])];
  const cleanedMarks = ['"~cleaned"', CLEANED_BEFORE];
  const rule = { hasAsOf, compared, violation: violations.length, cleaned: cleanedMarks };
  const duplicates = await markDuplicateRows(workspace, MAPPED, rule);
  const marks = [...violations, ...duplicateRowReasons(hasAsOf)];
  const [counts = []] = await workspace.rows(
    `select count(*), count(*) filter ("~fault" is null), count(*) filter ("~cleaned"), count(*) filter ("~fault" = ${OLDER})
     from ${MAPPED}`,
  );
  const [chosen = 0, rows = 0, cleaned = 0, older = 0] = counts.map(Number);
  const given = await workspace.number(`select count(*) from ${task.from}`);
  return {
    given,
    rows,
    reasons: await violationReasons(workspace, marks),
    samples: await violationSamples(workspace, marks, task, compared),
    notChosen: given - chosen,
    older,
    cleanedIds: { rows: cleaned, duplicates },
    changedAttributes: task.labels === null ? await changedAttributes(workspace, MAPPED) : [],
  };
}

/** Returns the error of the expression because of which the statement with all of them failed; null when it is not found. */
async function expressionError(
  workspace: Workspace,
  task: RowsToMap,
  expressions: readonly MappingSql[],
  error: unknown,
): Promise<Error | null> {
  if (error instanceof StatementStoppedError && error.limitMs === null) return null;
  const isSlow = error instanceof StatementStoppedError;
  const isCost = isSlow || error instanceof IngestLimitError;
  const bad = isCost ? null : await findBadExpression(workspace, expressions, task.from);
  return bad ?? (await findFailingExpression(workspace, task, expressions, isSlow));
}

/**
 * Returns an SQL condition that is true when cleaning changed the id. A number does not count: it is only
 * formatted differently.
 */
function cleanedMark(): string {
  const id = given("supplier_id");
  return `(typeof(${id}) not in ('DOUBLE', 'FLOAT') and ${idSql(id)} is distinct from nullif(${id}::varchar, ''))`;
}

/** Returns the SELECT of every column of the mapped rows, with `~row`, `~place`, `~fault` and `~text`. */
function mappedSql(
  task: RowsToMap,
  columns: readonly MappedColumn[],
  violations: readonly RejectedRowReason[],
): string {
  const { keepNewestBy } = task.rows;
  const keep = keepNewestBy === undefined ? "" : `${sqlName(keepNewestBy)} as ${KEEP}, `;
  const values = columns.map((c) => `${c.expression === null ? "null" : `(\n${c.expression}\n)`} as ${given(c.name)}`);
  const casts = columns.map((c) => `${c.cast(given(c.name))} as ${sqlName(c.name)}`);
  const marks = violations.map((violation, i) => `when ${violation.when} then ${i}`).join(" ");
  const texts = violations
    .map((violation, i) => `when ${i} then left(${violation.text}, ${MAX_SAMPLE_TEXT})`)
    .join(" ");
  return `
    with given_rows as (
      select row_number() over () as "~row", ${task.place ?? "null"} as "~place", ${task.cleaned ?? "false"} as ${CLEANED_BEFORE}, ${keep}${values.join(", ")} from ${task.from}
    ),
    cast_rows as (select *, ${casts.join(", ")}, ${cleanedMark()} as "~cleaned",
      ${exposureChange()} as ${EXPOSURE_CHANGE} from given_rows),
    chosen_rows as (${chosenRows(task)}),
    marked_rows as (select *, case ${keep && olderMark(task)} ${marks} end as "~fault" from chosen_rows)
    select * exclude (${[...columns.map((c) => given(c.name)), ...(keep ? [KEEP] : [])].join(", ")}),
      case "~fault" ${texts} end as "~text", null::bigint as ${FIRST_ROW}
    from marked_rows`;
}

/** Value of `~fault` for a row that is older than another one of its key. */
const OLDER = -1;

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
  // later.
  return `select * from cast_rows ${asOf === null ? "" : `where as_of is null or as_of <= date ${sqlText(asOf)}`}
    qualify as_of is null or supplier_id is null or row_number() over (partition by supplier_id order by as_of desc nulls last, ${rows.keepNewestBy === undefined ? "" : `${KEEP} desc nulls last, `}"~row") = 1`;
}

async function violationReasons(workspace: Workspace, marks: readonly RowMark[]): Promise<ReasonCount[]> {
  const counted = await workspace.rows(
    `select "~fault", count(*) from ${MAPPED} where "~fault" is not null group by all order by all`,
  );
  return counted.flatMap(([index, rows]) => {
    const mark = marks[Number(index)];
    if (!mark) return [];
    const { stage, column, reason, isRepeated = false } = mark;
    return [{ stage, column, reason, rows: Number(rows), isRepeated }];
  });
}

async function violationSamples(
  workspace: Workspace,
  marks: readonly RowMark[],
  { rows }: RowsToMap,
  compared: readonly string[],
): Promise<ViolationSample[]> {
  const found = await workspace.rows(
    `select "~place", "~fault", concat_ws(' at ', supplier_id, as_of::varchar), "~text", "~row", ${FIRST_ROW},
       coalesce("~text" in (supplier_id, left(supplier_id, ${MAX_SAMPLE_TEXT})), false)
     from ${MAPPED} where "~fault" >= 0
     order by row_number() over (partition by "~fault" order by "~row") > 1, "~row" limit ${workspace.limits.maxSamples}`,
  );
  found.sort((a, b) => Number(a[4]) - Number(b[4]));
  const seconds = found.flatMap(([, , , , row, first]) => (first === null ? [] : [Number(row)]));
  const kept = await keptRows(workspace, MAPPED, seconds, compared, rows.keepNewestBy ?? null);
  return found.flatMap(([place, index, who, text, row, , isId]) => {
    const mark = marks[Number(index)];
    if (!mark) return [];
    const value = String(text ?? "") || "nothing";
    const name = String(who ?? "");
    // A value that is the id itself, as that of a duplicate, is not repeated after the id.
    const shown = name === "" ? value : isId === true ? name : `${name}: ${value}`;
    return [
      {
        place: place === null ? null : Number(place),
        kept: kept.get(Number(row)) ?? null,
        column: mark.column,
        reason: mark.reason,
        text: shown,
      },
    ];
  });
}
