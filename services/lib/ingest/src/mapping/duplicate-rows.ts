import { countText } from "@bellwether/reasons/count-text";
import { sqlText } from "../duckdb/quote-sql.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import { MAX_SAMPLE_TEXT } from "../rejected-rows.ts";
import type { RejectedRowReason } from "./rejected-row-reasons.ts";

/** Why a row was rejected; `isRepeated`: the row has the values of an accepted row. */
export type RowMark = Pick<RejectedRowReason, "stage" | "column" | "reason"> & { readonly isRepeated?: boolean };

/** Quoted SQL name of the column with the `~row` of the row that was kept, for a row that is its duplicate. */
export const FIRST_ROW = '"~first"';

/** Returns the two reasons whose numbers `markDuplicateRows` writes into `~fault`, in the order of the numbers. */
export function duplicateRowReasons(hasAsOf: boolean): RowMark[] {
  const of = hasAsOf ? "of the same supplier and date" : "of the same supplier";
  const mark = { stage: "mapping", column: "supplier_id" } as const;
  return [
    { ...mark, reason: `a second row ${of} with the same values`, isRepeated: true },
    { ...mark, reason: `a second row ${of} with other values` },
  ];
}

/** How duplicates are found and marked. */
export interface DuplicateRule {
  /** Whether the key of a row is supplier and date; else it is the supplier alone. */
  readonly hasAsOf: boolean;
  /** Columns, quoted for SQL, in which a repeated row has the values of the first row. */
  readonly compared: readonly string[];
  /**
   * Value of `~fault`, the number of a row's reason, for a row that repeats the first row's values. A row with other values
   * gets the next number.
   */
  readonly violation: number;
  /** Columns, quoted for SQL, that are true when the row's supplier id was cleaned. */
  readonly cleaned: readonly string[];
}

/**
 * Keeps the first accepted row of each key in `table` and marks the later ones as rejected. Returns the number of
 * marked rows whose ids are the same only since they were cleaned.
 */
export async function markDuplicateRows(
  workspace: Workspace,
  table: string,
  { hasAsOf, compared, violation, cleaned }: DuplicateRule,
): Promise<number> {
  const key = hasAsOf ? "supplier_id, as_of" : "supplier_id";
  const good = `from ${table} where "~fault" is null`;
  // Most files have no key twice. Their hashes are counted in half the time of grouping the keys.
  if ((await workspace.number(`select count(*) - count(distinct hash(${key})) ${good}`)) === 0) return 0;
  // Only duplicate keys are numbered: numbering all rows by key would cost more than the whole mapping before it.
  await workspace.run(
    `create table "keys twice" as select ${key}, min("~row") as first ${good} group by ${key} having count(*) > 1`,
  );
  const same = compared.map((column) => `later.${column} is not distinct from earlier.${column}`).join(" and ");
  const wasCleaned = cleaned.flatMap((mark) => [`later.${mark}`, `earlier.${mark}`]).join(" or ");
  await workspace.run(
    `create table "second rows" as
     select later."~row" as second, first, ${same} as same, ${wasCleaned} as cleaned
     from (select * ${good}) as later join "keys twice" using (${key})
       join ${table} as earlier on earlier."~row" = first
     where later."~row" <> first`,
  );
  await workspace.run(
    `update ${table} set "~fault" = case when same then ${violation} else ${violation + 1} end, "~text" = supplier_id, ${FIRST_ROW} = first
     from "second rows" where "~row" = second`,
  );
  return await workspace.number(`select count(*) from "second rows" where cleaned`);
}

/** Maximum number of columns in which one sample shows the difference. */
const MAX_DIFFERENCES = 3;

/**
 * Returns, for each of the rejected duplicates with these numbers (`~row`), the place of the row that was kept and how the
 * values differ.
 * @param keepNewestBy column by which the mapping keeps the newest row; null when it has none
 */
export async function keptRows(
  workspace: Workspace,
  table: string,
  seconds: readonly number[],
  compared: readonly string[],
  keepNewestBy: string | null,
): Promise<ReadonlyMap<number, { readonly place: number | null; readonly difference: string }>> {
  if (seconds.length === 0) return new Map();
  const shown = (row: string, column: string) =>
    `coalesce('"' || left(${row}.${column}::varchar, ${MAX_SAMPLE_TEXT / 10}) || '"', 'nothing')`;
  const difference = compared.map(
    (column) =>
      `case when later.${column} is distinct from earlier.${column}
       then ${sqlText(plainName(column))} || ' is ' || ${shown("later", column)} || ', not ' || ${shown("earlier", column)} end`,
  );
  const rows = await workspace.rows(
    `select later."~row", earlier."~place", list_filter([${difference.join(", ")}], one -> one is not null)
     from ${table} as later join ${table} as earlier on earlier."~row" = later.${FIRST_ROW}
     where later."~row" in (${seconds.join(", ")})`,
  );
  const way =
    keepNewestBy === null
      ? "keep: newest by COLUMN under rows chooses the newest row"
      : `both have the same ${keepNewestBy}`;
  return new Map(
    rows.map(([row, place, differences]) => {
      const all = Array.isArray(differences) ? differences.map(String) : [];
      const more = all.length > MAX_DIFFERENCES ? ` and ${countText(all.length - MAX_DIFFERENCES, "more column")}` : "";
      const detail = all.length === 0 ? "" : `${all.slice(0, MAX_DIFFERENCES).join(", ")}${more}; ${way}`;
      return [Number(row), { place: place === null ? null : Number(place), difference: detail }] as const;
    }),
  );
}

/** Returns the name of a feature or attribute from the quoted name of its column. */
function plainName(column: string): string {
  return column.replace(/^"(?:(?:number|category|text|attribute)\.)?|"$/g, "");
}
