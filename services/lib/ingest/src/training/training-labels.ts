import { nearestName } from "@bellwether/contract/nearest-name";
import { sqlName } from "../duckdb/quote-sql.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import { MappingSqlError } from "../ingest-errors.ts";
import { materialize } from "../mapping/mapping-steps.ts";
import { given } from "../mapping/rejected-row-reasons.ts";
import { idSql } from "../supplier-id.ts";

/**
 * Quoted SQL name of the table that `makeLabels` creates: label_id, label_as_of (when rows have a date) and
 * the label unchanged.
 */
export const LABELS = '"training labels"';

/**
 * Runs the mapping's label SELECT and checks its columns and keys.
 * @throws MappingSqlError when it is rejected or fails, lacks a column, or labels a supplier twice for one date.
 */
export async function makeLabels(workspace: Workspace, sql: string, target: string, hasAsOf: boolean): Promise<void> {
  const path = "label";
  await materialize(workspace, path, "labels as given", sql);
  const columns = (await workspace.rows(`describe "labels as given"`)).map(([name]) => String(name));
  for (const wanted of ["supplier_id", ...(hasAsOf ? ["as_of"] : []), target])
    if (!columns.includes(wanted)) {
      const nearest = nearestName(wanted, columns);
      throw new MappingSqlError(
        path,
        `it returns no column "${wanted}"${nearest ? `; the nearest is "${nearest}"` : ""}`,
      );
    }
  await workspace.run(
    `create table ${LABELS} as select ${idSql("supplier_id")} as label_id,
       ${hasAsOf ? "try_cast(as_of as date) as label_as_of," : ""} ${sqlName(target)} as ${given("label")}
     from "labels as given"`,
  );
  const key = hasAsOf ? "label_id, label_as_of" : "label_id";
  const [twice] = await workspace.rows(
    `select concat_ws(' at ', ${hasAsOf ? "label_id, label_as_of::varchar" : "label_id"}) from ${LABELS}
     where label_id is not null group by ${key} having count(*) > 1 order by ${key} limit 1`,
  );
  if (twice) throw new MappingSqlError(path, `it labels ${String(twice[0])} more than once`);
}
