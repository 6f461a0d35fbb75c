import { MAX_CATEGORY_BYTES, MAX_SUPPLIER_NAME_BYTES } from "@bellwether/contract/limits";
import { sqlName } from "../duckdb/quote-sql.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import { COLUMN, given } from "./rejected-row-reasons.ts";

/** Values of one attribute that are not kept as the input has them, in accepted rows. */
export interface ChangedAttribute {
  /** Key of the attribute in the mapping, such as `display_name`. */
  readonly attribute: string;
  readonly change: string;
  readonly rows: number;
}

/** Attributes that ops-service takes as texts, with the bytes that it takes. */
const TEXT_BYTES = { display_name: MAX_SUPPLIER_NAME_BYTES, region: MAX_CATEGORY_BYTES, category: MAX_CATEGORY_BYTES };

/** Column of a mapped row: what became of its exposure; null: it is as given, or missing. */
export const EXPOSURE_CHANGE = '"~exposure"';

/** SQL of `EXPOSURE_CHANGE`. NaN means missing and is no change. */
export function exposureChange(): string {
  const value = given(COLUMN.attribute("exposure"));
  const number = `try_cast(${value} as double)`;
  return `case
    when ${value} is null or nullif(trim(${value}::varchar), '') is null or isnan(${number}) then null
    when isfinite(${number}) and ${number} >= 0 then null
    when ${number} < 0 then 'negative, made unknown'
    else 'not a finite number, made unknown' end`;
}

/** Counts what accepted rows of `table` lose when their attributes are kept: by attribute and change, none left out. */
export async function changedAttributes(workspace: Workspace, table: string): Promise<ChangedAttribute[]> {
  const found: ChangedAttribute[] = [];
  const exposures = await workspace.rows(
    `select ${EXPOSURE_CHANGE}, count(*) from ${table}
     where "~fault" is null and ${EXPOSURE_CHANGE} is not null group by all order by all`,
  );
  for (const [attribute, maxBytes] of Object.entries(TEXT_BYTES)) {
    const column = sqlName(COLUMN.attribute(attribute));
    const [counts = []] = await workspace.rows(
      `select count(*) filter (strlen(replace(${column}, chr(0), '')) > ${maxBytes}),
         count(*) filter (contains(${column}, chr(0))) from ${table} where "~fault" is null`,
    );
    const [long = 0, nul = 0] = counts.map(Number);
    if (long > 0) found.push({ attribute, change: `cut to ${maxBytes} bytes`, rows: long });
    if (nul > 0) found.push({ attribute, change: "NUL characters removed", rows: nul });
  }
  for (const [change, rows] of exposures)
    found.push({ attribute: "exposure", change: String(change), rows: Number(rows) });
  return found;
}
