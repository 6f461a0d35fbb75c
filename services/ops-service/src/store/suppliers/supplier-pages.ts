import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { PageTokenError } from "../../domain/ops-error.ts";
import type { SupplierOrder, SupplierQuery } from "../../domain/suppliers/supplier.ts";
import type { ScoreRange } from "../../domain/suppliers/supplier-facets.ts";
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
  /** The scores of the bands of a filter by band. Null: it has none, or no score is in them. */
  readonly range: ScoreRange | null;
  /** Whether the conditions name the suppliers, so that an index finds all that meet them. */
  readonly areListed: boolean;
}

/**
 * Number of scores up to which all that meet the conditions are read and sorted. Above it, the scores are read in
 * the order of an index until the page is full, which can take long when the conditions select the last ones.
 */
const MAX_SORTED = 8_000;
/**
 * Number of scores or names that are read in the order of an index before those that meet the conditions are read and
 * sorted. This takes a fifth of the time that sorting takes.
 */
const READ_AHEAD = 3_000;
/** Share of `READ_AHEAD` that is expected to fill a page, up to which it is tried. */
const LIKELY = 0.6;
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
  const { orderBy, descending, after, totalSize, runSize, range, areListed } = query;
  if (orderBy === "name") return await readByName(db, run, query, limit);
  const { column, hasValue, type } = COLUMNS[orderBy];
  const direction = descending ? sql`desc` : sql`asc`;
  const further = descending ? sql`<` : sql`>`;
  // The scores of a band are next to each other: the index is read from the first of them.
  const ofBands = orderBy === "score" ? range : null;
  const within = ofBands ? [sql`s.p between ${ofBands.min}::float8 and ${ofBands.max}::float8`] : [];
  const scores = scoresOf(run.id);
  const read = async (from: SQL, parts: readonly SQL[], order: SQL, rows: number): Promise<ScoreRow[]> =>
    (
      await db.execute<ScoreRow>(sql`
        select ${SCORE_COLUMNS} from ${from} s where ${all([...parts, ...query.conditions])}
        order by ${order} limit ${rows}::int`)
    ).rows;
  const inOrder = sql`${column} ${direction}, s.supplier ${direction}`;
  const isSorted = totalSize <= MAX_SORTED;
  const expected = limit * ((ofBands?.suppliers ?? runSize) / Math.max(totalSize, 1));
  const readsAhead = isSorted && !areListed && expected <= READ_AHEAD * LIKELY;
  const readOrdered = async (parts: readonly SQL[]): Promise<readonly ScoreRow[]> => {
    if (!isSorted) return await read(scores, parts, inOrder, limit);
    const first = sql`(select * from ${scores} s where ${all(parts)} order by ${inOrder} limit ${READ_AHEAD}::int)`;
    const found = readsAhead ? await read(first, [], inOrder, limit) : [];
    if (found.length >= limit) return found;
    // No index has the sum, so the server does not read the whole run in the order of the column.
    return await read(scores, parts, sql`${column} + 0 ${direction}, s.supplier ${direction}`, limit);
  };
  const isBeyond = after !== undefined && after.value === null;
  const beyond = sql`(${column}, s.supplier) ${further} (${after?.value ?? 0}::${type}, ${after?.number ?? 0}::int)`;
  const withValue = isBeyond ? [] : await readOrdered([hasValue, ...within, ...(after ? [beyond] : [])]);
  if (withValue.length >= limit) return withValue;
  const without = await read(
    scores,
    [sql`not (${hasValue})`, ...(isBeyond ? [sql`s.supplier ${further} ${after.number}::int`] : [])],
    sql`s.supplier ${direction}`,
    limit - withValue.length,
  );
  return [...withValue, ...without];
}

const all = (conditions: readonly SQL[]): SQL => sql.join([sql`true`, ...conditions], sql` and `);

/** Reads a page in the order of the names. Suppliers without a name are the last ones in both directions. */
async function readByName(
  db: Db,
  run: ScoredRun,
  { descending, after, conditions, totalSize, runSize, areListed }: PageQuery,
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
    // As "is true", the condition is not turned into a join, which would read the names in another order.
    const names = isHashed
      ? sql`(
          select n.supplier_id, n.name_key from bellwether.supplier_search n
          where ${all(parts)} and (n.supplier_id in (select s.supplier from ${scores} s where ${all(conditions)})) is true
          order by n.name_key ${direction}, n.supplier_id ${direction} limit ${rows}::int
        )`
      : sql`bellwether.supplier_search`;
    const found = await db.execute<ScoreRow>(sql`
      select ${SCORE_COLUMNS} from ${names} n join ${scores} s on s.run = ${run.id}::int and s.supplier = n.supplier_id
      where ${isHashed ? sql`true` : all([...parts, ...conditions])}
      order by ${ordered} ${direction}, n.supplier_id ${direction} limit ${rows}::int`);
    return found.rows;
  };
  /** Reads the page among the first names. Undefined: they do not fill it, or are not expected to. */
  const readAhead = async (parts: readonly SQL[]): Promise<readonly ScoreRow[] | undefined> => {
    const expected = limit * ((await estimateNames(db)) / Math.max(totalSize, 1));
    if (expected > READ_AHEAD * LIKELY) return undefined;
    const inOrder = sql`n.name_key ${direction}, n.supplier_id ${direction}`;
    const found = await db.execute<ScoreRow>(sql`
      select ${SCORE_COLUMNS} from (
        select n.supplier_id, n.name_key from bellwether.supplier_search n where ${all(parts)}
        order by ${inOrder} limit ${READ_AHEAD}::int
      ) n join ${scores} s on s.run = ${run.id}::int and s.supplier = n.supplier_id
      where ${all(conditions)} order by ${inOrder} limit ${limit}::int`);
    return found.rows.length < limit ? undefined : found.rows;
  };
  const beyond =
    after && last !== undefined ? [sql`(n.name_key, n.supplier_id) ${further} (${last}, ${after.number}::int)`] : [];
  const named = [sql`n.name_key > ''`, ...beyond];
  const ahead = last !== "" && isHashed && !areListed ? await readAhead(named) : undefined;
  const withName = ahead ?? (last === "" ? [] : await read(named, limit));
  if (withName.length >= limit) return withName;
  const without = await read([sql`n.name_key = ''`, ...(last === "" ? beyond : [])], limit - withName.length);
  return [...withName, ...without];
}

/** Returns about how many suppliers have names. */
async function estimateNames(db: Db): Promise<number> {
  const { rows } = await db.execute<{ names: number }>(
    sql`select reltuples::float8 as names from pg_class where oid = 'bellwether.supplier_search'::regclass`,
  );
  // -1: the server has no estimate yet.
  return Math.max(0, rows[0]?.names ?? 0);
}

async function nameKeyOf(db: Db, supplier: number): Promise<string> {
  const { rows } = await db.execute<{ key: string }>(
    sql`select name_key as key from bellwether.supplier_search where supplier_id = ${supplier}::int`,
  );
  const [row] = rows;
  if (!row) throw new PageTokenError();
  return row.key;
}
