import type { AttributeMapping, RowsMapping } from "@bellwether/config/feature-mapping";
import type { ModelConfig } from "@bellwether/config/model-config";
import { sqlName, sqlText } from "./quote-sql.ts";
import { MAX_SAMPLE_TEXT } from "./rejected-rows.ts";
import { COLUMN, given, type RowFault, rowFaults } from "./row-faults.ts";
import { checkSelect, mappingProblem } from "./select-statement.ts";
import type { Workspace } from "./workspace.ts";

/** Table that `mapRows` makes; good rows are those where `~fault` is null, `~row` is their order. */
export const MAPPED = '"mapped rows"';

/** What the mapped rows are made of. */
export interface RowsToMap {
  /** Path of `rows` in the mapping, for mistakes. */
  readonly path: string;
  readonly rows: RowsMapping;
  /** Table expression whose columns the expressions of `rows` see. */
  readonly from: string;
  /** SQL of a row's place in its file, 0 for the first; null when rows come from several tables. */
  readonly place: string | null;
  readonly model: ModelConfig;
  /** Table of supplier_id, as_of (when the rows have one) and label; rows without a label are left out. */
  readonly labels: string | null;
  /** As-of date of rows that map none; ISO date. */
  readonly asOf: string | null;
  /** Keep of each supplier its newest row, not after `asOf`. */
  readonly newestOnly: boolean;
}

/** A row that broke a rule. */
export interface FaultSample {
  readonly place: number | null;
  readonly column: string;
  readonly reason: string;
  /** Supplier, date and value. */
  readonly text: string;
}

/** One column of a mapped row. */
interface MappedColumn {
  readonly name: string;
  /** The mapping's expression; null gives null. */
  readonly expression: string | null;
  /** Place of the expression in the mapping. */
  readonly path: string;
  /** SQL that casts the given value. */
  readonly cast: (value: string) => string;
}

/** Attribute → name of its column and of its key in YAML. */
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
    { name: "supplier_id", expression: rows.supplierId, path: `${path}.supplier_id`, cast: textCast },
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

/** A number that is finite and not negative, else null: an attribute never costs a supplier its score. */
function nonNegative(value: string): string {
  const cast = `try_cast(${value} as double)`;
  return `case when isfinite(${cast}) and ${cast} >= 0 then ${cast} end`;
}

/** What became of the rows. */
export interface MappedRows {
  readonly rows: number;
  readonly rejected: number;
  /** Of the rejected, rows that repeat an earlier row of their key in every mapped value. */
  readonly repeated: number;
  readonly samples: readonly FaultSample[];
}

/**
 * Evaluates the expressions of `rows` into the table `MAPPED` and marks the first rule that a row breaks.
 * @throws MappingSqlError when an expression is refused or fails.
 */
export async function mapRows(workspace: Workspace, task: RowsToMap): Promise<MappedRows> {
  const columns = mappedColumns(task);
  for (const { path, expression } of columns)
    if (expression !== null)
      await checkSelect(workspace, path, `select (\n${expression}\n) as value from ${task.from}`);
  const hasAsOf = task.rows.asOf !== null || task.asOf !== null;
  const faults = rowFaults(task.model, { asOf: hasAsOf, label: task.labels !== null });
  try {
    await workspace.run(`create table ${MAPPED} as ${mappedSql(task, columns, faults)}`, workspace.limits.sqlTimeoutMs);
  } catch (error) {
    throw mappingProblem(task.path, error);
  }
  const repeated = await markSecondRows(workspace, hasAsOf, faults.length, columns);
  const rows = await workspace.number(`select count(*) from ${MAPPED} where "~fault" is null`);
  const rejected = await workspace.number(`select count(*) from ${MAPPED} where "~fault" is not null`);
  const second = {
    column: "supplier_id",
    reason: hasAsOf ? "a second row of the same supplier and date" : "a second row of the same supplier",
  };
  return { rows, rejected, repeated, samples: await faultSamples(workspace, [...faults, second]) };
}

/** Marks the later ones of good rows that have the same key, as fault number `fault`. Gives how many equal the first in every value. */
async function markSecondRows(
  workspace: Workspace,
  hasAsOf: boolean,
  fault: number,
  columns: readonly MappedColumn[],
): Promise<number> {
  const key = hasAsOf ? "supplier_id, as_of" : "supplier_id";
  const good = `from ${MAPPED} where "~fault" is null`;
  // Numbering all rows by key would cost more than all that comes before; keys that come twice are few.
  await workspace.run(`create table "keys twice" as select ${key} ${good} group by ${key} having count(*) > 1`);
  await workspace.run(
    `update ${MAPPED} set "~fault" = ${fault}, "~text" = supplier_id where "~row" in (
       select "~row" ${good} and (${key}) in (select (${key}) from "keys twice")
       qualify row_number() over (partition by ${key} order by "~row") > 1)`,
  );
  // Good rows have one row a key now.
  return await workspace.number(`
    select count(*) from ${MAPPED} second join ${MAPPED} first
      on second.supplier_id = first.supplier_id and second.as_of is not distinct from first.as_of
    where second."~fault" = ${fault} and first."~fault" is null
      and row(${prefixed("second", columns)}) is not distinct from row(${prefixed("first", columns)})`);
}

const prefixed = (table: string, columns: readonly MappedColumn[]): string =>
  columns.map(({ name }) => `${table}.${sqlName(name)}`).join(", ");

/** SELECT of every column of the mapped rows, with `~row`, `~place`, `~fault` and `~text`. */
function mappedSql(task: RowsToMap, columns: readonly MappedColumn[], faults: readonly RowFault[]): string {
  const values = columns.map((c) => `${c.expression === null ? "null" : `(\n${c.expression}\n)`} as ${given(c.name)}`);
  const casts = columns.map((c) => `${c.cast(given(c.name))} as ${sqlName(c.name)}`);
  const marks = faults.map((fault, i) => `when ${fault.when} then ${i}`).join(" ");
  const texts = faults.map((fault, i) => `when ${i} then left(${fault.text}, ${MAX_SAMPLE_TEXT})`).join(" ");
  return `
    with given_rows as (
      select row_number() over () as "~row", ${task.place ?? "null"} as "~place", ${values.join(", ")} from ${task.from}
    ),
    cast_rows as (select *, ${casts.join(", ")} from given_rows),
    chosen_rows as (${chosenRows(task)}),
    marked_rows as (select *, case ${marks} end as "~fault" from chosen_rows)
    select * exclude (${columns.map((c) => given(c.name)).join(", ")}), case "~fault" ${texts} end as "~text"
    from marked_rows`;
}

/** SELECT of the rows that have a label, or of each supplier's newest row, or of all. */
function chosenRows({ labels, rows, newestOnly, asOf }: RowsToMap): string {
  if (labels !== null) {
    // A row without a key can have no label; it stays, to be set aside for its key.
    const [sameDay, noKey] =
      rows.asOf === null
        ? ["", "supplier_id is null"]
        : ["and as_of = label_as_of", "supplier_id is null or as_of is null"];
    return `select cast_rows.*, ${given("label")}, try_cast(${given("label")} as double) as label
      from cast_rows left join ${labels} on supplier_id = label_id ${sameDay}
      where label_id is not null or ${noKey}`;
  }
  if (!newestOnly) return "select * from cast_rows";
  return `select * from cast_rows ${asOf === null ? "" : `where as_of <= date ${sqlText(asOf)}`}
    qualify row_number() over (partition by supplier_id order by as_of desc nulls last, "~row") = 1`;
}

async function faultSamples(
  workspace: Workspace,
  faults: readonly Pick<RowFault, "column" | "reason">[],
): Promise<FaultSample[]> {
  const found = await workspace.rows(
    `select "~place", "~fault", concat_ws(' at ', supplier_id, as_of::varchar), "~text"
     from ${MAPPED} where "~fault" is not null order by "~row" limit ${workspace.limits.maxSamples}`,
  );
  return found.flatMap(([place, index, who, text]) => {
    const fault = faults[Number(index)];
    if (!fault) return [];
    const shown = `${String(who ?? "")}: ${String(text ?? "nothing")}`;
    return [{ place: place === null ? null : Number(place), column: fault.column, reason: fault.reason, text: shown }];
  });
}
