import type { Workspace } from "../duckdb/workspace.ts";
import { MAX_SAMPLE_TEXT, type ReasonCount } from "../rejected-rows.ts";
import { FIRST_ROW, keptRows, type RowMark } from "./duplicate-rows.ts";
import { describeFailedRows } from "./failed-rows.ts";
import { MAPPED, type MappedColumn, type RowsToMap, rowSql } from "./mapped-sql.ts";

/** A row that violates a rule. */
export interface ViolationSample {
  readonly place: number | null;
  /** The row of the same key that was kept, for a row that was rejected as its duplicate. */
  readonly kept: { readonly place: number | null; readonly difference: string } | null;
  /** The error of the expression, for a row for which the expression cannot be computed. Empty: none. */
  readonly error: string;
  readonly column: string;
  readonly reason: string;
  /** Text that reports show: the supplier, the date and the invalid value. */
  readonly text: string;
}

/** Counts the rejected rows of `MAPPED` by reason. @param marks the reasons, by the number in `~fault` */
export async function violationReasons(workspace: Workspace, marks: readonly RowMark[]): Promise<ReasonCount[]> {
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

/**
 * Returns rejected rows of `MAPPED` as samples: the first one of each reason, then the earliest others.
 * @param marks the reasons, by the number in `~fault`
 * @param tried the columns of the first reasons, whose expression failed for the row
 * @param compared quoted SQL names of the columns in which a duplicate may differ
 */
export async function violationSamples(
  workspace: Workspace,
  marks: readonly RowMark[],
  { rows, from, place: placeSql }: RowsToMap,
  tried: readonly MappedColumn[],
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
  const failed = await describeFailedRows(
    workspace,
    { from, name: rows.from, row: rowSql(placeSql) },
    found.flatMap(([, index, , , row]) => {
      const { path, expression = null } = tried[Number(index)] ?? {};
      return path === undefined || expression === null
        ? []
        : { row: Number(row), expression: { path, sql: expression } };
    }),
  );
  return found.flatMap(([place, index, who, text, row, , isId]) => {
    const mark = marks[Number(index)];
    if (!mark) return [];
    const { values, error = "" } = failed.get(Number(row)) ?? {};
    const value = String(values ?? text ?? "") || "nothing";
    const name = String(who ?? "");
    // A value that is the id itself, as that of a duplicate, is not repeated after the id.
    const shown = name === "" ? value : isId === true ? name : `${name}: ${value}`;
    return [
      {
        place: place === null ? null : Number(place),
        kept: kept.get(Number(row)) ?? null,
        error,
        column: mark.column,
        reason: mark.reason,
        text: shown,
      },
    ];
  });
}
