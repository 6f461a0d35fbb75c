import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { PageTokenError } from "../domain/ops-error.ts";
import type { SupplierOrder, SupplierQuery } from "../domain/supplier.ts";
import type { Db } from "./database.ts";
import { SCORE_COLUMNS, type ScoredRun, type ScoreRow, scoresOf } from "./score-rows.ts";

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

/**
 * Reads one page of a run's scores in the order of the query: first the scores that have the value, then those
 * without. Each part is read in the order of an index, which knows no order "nulls last".
 * @param conditions on the score `s`
 */
export async function readPage(
  db: Db,
  run: ScoredRun,
  { orderBy, descending, after }: Pick<SupplierQuery, "orderBy" | "descending" | "after">,
  conditions: readonly SQL[],
  limit: number,
): Promise<readonly ScoreRow[]> {
  if (orderBy === "name") return await readByName(db, run, { descending, after }, conditions, limit);
  const { column, hasValue, type } = COLUMNS[orderBy];
  const direction = descending ? sql`desc` : sql`asc`;
  const further = descending ? sql`<` : sql`>`;
  const read = async (parts: readonly SQL[], order: SQL, rows: number): Promise<ScoreRow[]> =>
    (
      await db.execute<ScoreRow>(sql`
        select ${SCORE_COLUMNS} from ${scoresOf(run.id)} s where ${sql.join([...parts, ...conditions], sql` and `)}
        order by ${order} limit ${rows}::int`)
    ).rows;
  const withValue =
    after !== undefined && after.value === null
      ? []
      : await read(
          [
            hasValue,
            ...(after ? [sql`(${column}, s.supplier) ${further} (${after.value}::${type}, ${after.number}::int)`] : []),
          ],
          sql`${column} ${direction}, s.supplier ${direction}`,
          limit,
        );
  if (withValue.length >= limit) return withValue;
  const isBeyond = after !== undefined && after.value === null;
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
  { descending, after }: Pick<SupplierQuery, "descending"> & { readonly after: SupplierQuery["after"] },
  conditions: readonly SQL[],
  limit: number,
): Promise<readonly ScoreRow[]> {
  const direction = descending ? sql`desc` : sql`asc`;
  const further = descending ? sql`<` : sql`>`;
  const last = after && (await nameKeyOf(db, after.number));
  const read = async (parts: readonly SQL[], rows: number): Promise<ScoreRow[]> =>
    (
      await db.execute<ScoreRow>(sql`
        select ${SCORE_COLUMNS} from bellwether.supplier_search n
        join ${scoresOf(run.id)} s on s.run = ${run.id}::int and s.supplier = n.supplier_id
        where ${sql.join([...parts, ...conditions], sql` and `)}
        order by n.name_key ${direction}, n.supplier_id ${direction} limit ${rows}::int`)
    ).rows;
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
