import { realpath } from "node:fs/promises";
import type { SharedSuppliers } from "@bellwether/plausibility/check-shared";
import { sqlText } from "../duckdb/quote-sql.ts";
import { PLAIN_ID } from "./similar-ids.ts";
import type { SnapshotDatabase } from "./snapshot-database.ts";

/** Maximum number of pairs of similar ids that are returned. */
const MAX_EXAMPLES = 3;

/**
 * Compares the supplier ids of a snapshot with those of the snapshot of an earlier week.
 * @throws Error when one of the files is not a snapshot
 */
export async function compareIds(
  database: SnapshotDatabase,
  parquet: string,
  earlierParquet: string,
  signal?: AbortSignal,
): Promise<SharedSuppliers> {
  const [now, earlier] = await Promise.all([realpath(parquet), realpath(earlierParquet)]);
  await using workspace = await database.connect(signal);
  const idsOf = (path: string): string => `(select distinct supplier_id from read_parquet(${sqlText(path)}))`;
  await workspace.run(
    `create temp table ids as select earlier.supplier_id as before, now.supplier_id as now
     from ${idsOf(earlier)} earlier full join ${idsOf(now)} now using (supplier_id)`,
  );
  const onlyIn = (one: string, other: string): string =>
    `(select supplier_id, ${PLAIN_ID} as plain from (select ${one} as supplier_id from ids where ${other} is null))`;
  // The smallest id of each group is enough: a group with several ids is named by the search for similar ids.
  await workspace.run(
    `create temp table pairs as select gone.supplier_id as before, added.id as now
     from ${onlyIn("before", "now")} gone
       join (select plain, min(supplier_id) as id from ${onlyIn("now", "before")} group by plain) added using (plain)`,
  );
  const [counts = []] = await workspace.rows(
    "select count(before), count(*) filter (now is null), (select count(*) from pairs) from ids",
  );
  const [suppliers = 0, gone = 0, similar = 0] = counts.map(Number);
  const examples = await workspace.rows(`select before, now from pairs order by before limit ${MAX_EXAMPLES}`);
  return {
    ...{ suppliers, shared: suppliers - gone, similar },
    examples: examples.map(([before, id]) => ({ before: String(before), now: String(id) })),
  };
}
