import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { Evidence } from "../../domain/merges/evidence.ts";
import type { SupplierMerge } from "../../domain/merges/merge-suppliers.ts";
import type { Db } from "../database.ts";

interface MergeRow extends Record<string, unknown> {
  readonly mergeId: string;
  readonly survivorId: string;
  readonly mergedId: string;
  readonly evidence: readonly Evidence[];
  readonly reason: string;
  readonly mergedBy: string;
  readonly mergedMs: number;
  readonly undoneBy: string;
  readonly undoneMs: number | null;
  readonly undoReason: string;
}

/** Returns the merges that meet a condition on the merge `m`, newest first. */
export async function readMerges(db: Db, condition: SQL, limit: number): Promise<readonly SupplierMerge[]> {
  const { rows } = await db.execute<MergeRow>(sql`
    select m.id as "mergeId", s.external_id as "survivorId", u.external_id as "mergedId", m.evidence, m.reason,
      m.merged_by as "mergedBy", (extract(epoch from m.merged_at) * 1000)::float8 as "mergedMs",
      m.undone_by as "undoneBy", (extract(epoch from m.undone_at) * 1000)::float8 as "undoneMs",
      m.undo_reason as "undoReason"
    from bellwether.supplier_merge m
    join bellwether.supplier s on s.id = m.survivor_id
    join bellwether.supplier u on u.id = m.merged_id
    where ${condition} order by m.change desc limit ${limit}::int`);
  return rows.map(({ mergedMs, undoneBy, undoneMs, undoReason, ...row }) => ({
    ...row,
    mergedAt: new Date(mergedMs),
    undo: undoneMs === null ? null : { by: undoneBy, at: new Date(undoneMs), reason: undoReason },
  }));
}

/** Returns the latest merges of a supplier, also those that were undone, newest first. */
export async function listMerges(db: Db, supplier: number, limit: number): Promise<readonly SupplierMerge[]> {
  return await readMerges(
    db,
    sql`m.id in (
      select id from bellwether.supplier_merge where survivor_id = ${supplier}::int
      union select id from bellwether.supplier_merge where merged_id = ${supplier}::int)`,
    limit,
  );
}
