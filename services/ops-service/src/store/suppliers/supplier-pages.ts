import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { PageTokenError } from "../../domain/ops-error.ts";
import type { SupplierOrder, SupplierQuery } from "../../domain/suppliers/supplier.ts";
import type { Db } from "../database.ts";
import { SCORE_COLUMNS, type ScoredRun, type ScoreRow, scoresOf } from "../scores/score-rows.ts";

/** A value by which scores are ordered, and the condition that a score has it. */
interface OrderColumn {
  readonly column: SQL;
  readonly hasValue: SQL;
  readonly type: SQL;
}

const COLUMNS: Readonly<Record<Exclude<SupplierOrder, "name">, OrderColumn>> = {
  impact: { column: sql`s.impact`, hasValue: sql`s.impact >= 0`, type: sql`float8` },
  score: { column: sql`s.p`, hasValue: sql`s.p is not null`, type: sql`float8` },
  change: { column: sql`s.delta`, hasValue: sql`s.delta is not null`, type: sql`real` },
  exposure: { column: sql`s.exposure`, hasValue: sql`s.exposure is not null`, type: sql`float8` },
};

/** Which page is read. */
export interface PageQuery extends Pick<SupplierQuery, "orderBy" | "descending" | "after"> {
  /** Conditions on the score `s`. */
  readonly conditions: readonly SQL[];
  /** Number of scores that meet the conditions. */
  readonly totalSize: number;
  /** Number of all scores of the run. */
  readonly runSize: number;
  readonly bands: SupplierQuery["bands"];
}

/**
 * Number of scores up to which all that meet the conditions are read and sorted. Above it, the scores are read in
 * the order of an index until the page is full, which can take long when the conditions select the last ones.
 */
const MAX_SORTED = 8_000;
/** The same for the order by name, where the name of each score is looked up. */
const MAX_SORTED_BY_NAME = 2_500;
/**
 * Number of scores up to which those that meet the conditions are looked up in memory while the index of the names is
 * read, which has all suppliers.
 */
const MAX_HASHED = 50_000;
/** Number of scores of a run up to which the server keeps any part of them in memory. */
const MAX_HASHED_RUN = 150_000;

/**
 * Reads one page of a run's scores in the order of the query: first the scores that have the value, then those
 * without. Each part is read in the order of an index, which knows no order "nulls last".
 */
export async function readPage(db: Db, run: ScoredRun, query: PageQuery, limit: number): Promise<readonly ScoreRow[]> {
  const { orderBy, descending, after, conditions, totalSize } = query;
  if (orderBy === "name") return await readByName(db, run, query, limit);
  const { column, hasValue, type } = COLUMNS[orderBy];
  const direction = descending ? sql`desc` : sql`asc`;
  const further = descending ? sql`<` : sql`>`;
  // The scores of a band are next to each other, so that reading in the order of the score may begin far from them.
  const isFar = orderBy === "score" && query.bands.length > 0;
  // No index has the sum, so the server does not read the whole run in the order of the column.
  const ordered = totalSize <= MAX_SORTED || isFar ? sql`${column} + 0` : column;
  const read = async (parts: readonly SQL[], order: SQL, rows: number): Promise<ScoreRow[]> =>
    (
      await db.execute<ScoreRow>(sql`
        select ${SCORE_COLUMNS} from ${scoresOf(run.id)} s where ${sql.join([...parts, ...conditions], sql` and `)}
        order by ${order} limit ${rows}::int`)
    ).rows;
  const isBeyond = after !== undefined && after.value === null;
  const beyond = sql`(${column}, s.supplier) ${further} (${after?.value ?? 0}::${type}, ${after?.number ?? 0}::int)`;
  const withValue = isBeyond
    ? []
    : await read([hasValue, ...(after ? [beyond] : [])], sql`${ordered} ${direction}, s.supplier ${direction}`, limit);
  if (withValue.length >= limit) return withValue;
  const without = await read(
    [sql`not (${hasValue})`, ...(isBeyond ? [sql`s.supplier ${further} ${after.number}::int`] : [])],
    sql`s.supplier ${direction}`,
    limit - withValue.length,
  );
  return [...withValue, ...without];
}

/** Reads a page in the order of the names. Suppliers without a name are the last ones in both directions. */
async function readByName(
  db: Db,
  run: ScoredRun,
  { descending, after, conditions, totalSize, runSize }: PageQuery,
  limit: number,
): Promise<readonly ScoreRow[]> {
  const direction = descending ? sql`desc` : sql`asc`;
  const further = descending ? sql`<` : sql`>`;
  const last = after && (await nameKeyOf(db, after.number));
  const isSorted = totalSize <= MAX_SORTED_BY_NAME;
  const isHashed = !isSorted && totalSize <= MAX_HASHED && runSize <= MAX_HASHED_RUN;
  const scores = scoresOf(run.id);
  // No index has the expression, so the server does not read all names in their order.
  const ordered = isSorted ? sql`n.name_key || ''` : sql`n.name_key`;
  const read = async (parts: readonly SQL[], rows: number): Promise<ScoreRow[]> => {
    const all = (each: readonly SQL[]): SQL => sql.join([...each], sql` and `);
    // As "is true", the condition is not turned into a join, which would read the names in another order.
    const names = isHashed
      ? sql`(
          select n.supplier_id, n.name_key from bellwether.supplier_search n
          where ${all(parts)} and (n.supplier_id in (select s.supplier from ${scores} s where ${all([sql`true`, ...conditions])})) is true
          order by n.name_key ${direction}, n.supplier_id ${direction} limit ${rows}::int
        )`
      : sql`bellwether.supplier_search`;
    const found = await db.execute<ScoreRow>(sql`
      select ${SCORE_COLUMNS} from ${names} n join ${scores} s on s.run = ${run.id}::int and s.supplier = n.supplier_id
      where ${isHashed ? sql`true` : all([...parts, ...conditions])}
      order by ${ordered} ${direction}, n.supplier_id ${direction} limit ${rows}::int`);
    return found.rows;
  };
  const beyond =
    after && last !== undefined ? [sql`(n.name_key, n.supplier_id) ${further} (${last}, ${after.number}::int)`] : [];
  const withName = last === "" ? [] : await read([sql`n.name_key > ''`, ...beyond], limit);
  if (withName.length >= limit) return withName;
  const without = await read([sql`n.name_key = ''`, ...(last === "" ? beyond : [])], limit - withName.length);
  return [...withName, ...without];
}

async function nameKeyOf(db: Db, supplier: number): Promise<string> {
  const { rows } = await db.execute<{ key: string }>(
    sql`select name_key as key from bellwether.supplier_search where supplier_id = ${supplier}::int`,
  );
  const [row] = rows;
  if (!row) throw new PageTokenError();
  return row.key;
}
