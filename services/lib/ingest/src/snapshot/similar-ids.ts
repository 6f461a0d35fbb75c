import { realpath } from "node:fs/promises";
import { sqlText } from "../duckdb/quote-sql.ts";
import type { SnapshotDatabase } from "./snapshot-database.ts";

/** Supplier ids that differ only in case, in spaces, in leading zeros or in how Unicode composes their letters. They are different suppliers. */
export interface SimilarIds {
  /** Number of ids that are similar to at least one other id. */
  readonly ids: number;
  /** Groups of similar ids, in the order of their first id; at most 3, each with at most 3 ids. */
  readonly examples: readonly (readonly string[])[];
}

const [MAX_EXAMPLES, MAX_IDS] = [3, 3];

/** SQL of an id without the differences that people do not see: composed letters (NFC), lower case, no white space, no leading zeros. */
export const PLAIN_ID = `ltrim(regexp_replace(lower(nfc_normalize(supplier_id)), '\\s+', '', 'g'), '0')`;

/** Finds similar supplier ids in a snapshot. @throws Error when the file is not a snapshot */
export async function findSimilarIds(
  database: SnapshotDatabase,
  parquet: string,
  signal?: AbortSignal,
): Promise<SimilarIds> {
  const path = await realpath(parquet);
  await using workspace = await database.connect(signal);
  const from = `read_parquet(${sqlText(path)})`;
  // The hash keeps the groups small. Ids with the same hash by chance differ in their plain form below.
  await workspace.run(
    `create temp table alike as select ${PLAIN_ID} as plain, supplier_id from ${from}
     where hash(${PLAIN_ID}) in (select hash(${PLAIN_ID}) from ${from} group by all having min(supplier_id) <> max(supplier_id))`,
  );
  await workspace.run(
    `create temp table alike_groups as select list(distinct supplier_id order by supplier_id) as ids from alike
     group by plain having count(distinct supplier_id) > 1`,
  );
  const [[ids] = []] = await workspace.rows("select coalesce(sum(len(ids)), 0) from alike_groups");
  const examples = await workspace.rows(
    `select ids[1:${MAX_IDS}] from alike_groups order by ids[1] limit ${MAX_EXAMPLES}`,
  );
  return { ids: Number(ids), examples: examples.map(([list]) => (Array.isArray(list) ? list.map(String) : [])) };
}
