import { MAX_CATEGORY_BYTES, MAX_SUPPLIER_NAME_BYTES } from "@bellwether/contract/limits";
import { sqlName } from "../duckdb/quote-sql.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import { COLUMN, EXPRESSION_FAILS, given } from "./rejected-row-reasons.ts";

/** Values of one attribute in accepted rows that are stored differently from the input. */
export interface ChangedAttribute {
  /** Key of the attribute in the mapping, such as `display_name`. */
  readonly attribute: string;
  readonly change: string;
  readonly rows: number;
}

/** Text attributes of ops-service, with their largest sizes in bytes. */
const TEXT_BYTES = { display_name: MAX_SUPPLIER_NAME_BYTES, region: MAX_CATEGORY_BYTES, category: MAX_CATEGORY_BYTES };

/**
 * Quoted SQL name of the column that states how a mapped row's exposure was changed. The column is null when
 * the exposure is unchanged or missing.
 */
export const EXPOSURE_CHANGE = '"~exposure"';

/**
 * Quoted SQL name of the column with the names of a row's attributes whose expression of the mapping cannot be computed. It is
 * null when all were computed.
 */
export const FAILED_ATTRIBUTES = '"~failed attributes"';

/** Returns the SQL expression of the column `EXPOSURE_CHANGE`. NaN means missing and is not a change. */
export function exposureChange(): string {
  const value = given(COLUMN.attribute("exposure"));
  const number = `try_cast(${value} as double)`;
  return `case
    when ${value} is null or nullif(trim(${value}::varchar), '') is null or isnan(${number}) then null
    when isfinite(${number}) and ${number} >= 0 then null
    when ${number} < 0 then 'negative, made unknown'
    else 'not a finite number, made unknown' end`;
}

/**
 * Counts the attributes of accepted rows of `table` that are changed when they are stored, by attribute and
 * kind of change.
 */
export async function changedAttributes(workspace: Workspace, table: string): Promise<ChangedAttribute[]> {
  const found: ChangedAttribute[] = [];
  const exposures = await workspace.rows(
    `select ${EXPOSURE_CHANGE}, count(*) from ${table}
     where "~fault" is null and ${EXPOSURE_CHANGE} is not null group by all order by all`,
  );
  const accepted = `from ${table} where "~fault" is null`;
  const texts = Object.entries(TEXT_BYTES).map(([attribute, maxBytes]) => {
    const column = sqlName(COLUMN.attribute(attribute));
    return { attribute, maxBytes, column, nul: `contains(${column}, chr(0))`, longest: `max(strlen(${column}))` };
  });
  const [seen = []] = await workspace.rows(
    `select ${texts.flatMap(({ longest, nul }) => [longest, `bool_or(${nul})`]).join(", ")} ${accepted}`,
  );
  for (const [i, { attribute, maxBytes, column, nul }] of texts.entries()) {
    const [longest, hasNul] = seen.slice(2 * i);
    if (Number(longest ?? 0) <= maxBytes && hasNul !== true) continue;
    const [counts = []] = await workspace.rows(
      `select count(*) filter (strlen(replace(${column}, chr(0), '')) > ${maxBytes}), count(*) filter (${nul}) ${accepted}`,
    );
    const [long = 0, withNul = 0] = counts.map(Number);
    if (long > 0) found.push({ attribute, change: `cut to ${maxBytes} bytes`, rows: long });
    if (withNul > 0) found.push({ attribute, change: "NUL characters removed", rows: withNul });
  }
  for (const [change, rows] of exposures)
    found.push({ attribute: "exposure", change: String(change), rows: Number(rows) });
  const failed = await workspace.rows(
    `select attribute, count(*) from (select unnest(${FAILED_ATTRIBUTES}) as attribute from ${table} where "~fault" is null)
     group by all order by all`,
  );
  for (const [attribute, rows] of failed)
    found.push({ attribute: String(attribute), change: `${EXPRESSION_FAILS}, made unknown`, rows: Number(rows) });
  return found;
}
