import { bandFromNumber } from "@bellwether/contract/band-codes";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { ChangeDirection } from "../../domain/suppliers/supplier.ts";
import type { SupplierGroup } from "../../domain/suppliers/supplier-facets.ts";
import type { Db } from "../database.ts";
import { type ScoredRun, scoresOf } from "../scores/score-rows.ts";

/** Number of runs whose groups are kept in memory. */
const MAX_RUNS = 4;

interface GroupRow extends Record<string, unknown> {
  readonly band: number;
  readonly region: number;
  readonly category: number;
  readonly change: ChangeDirection;
  readonly present: number | null;
  readonly suppliers: number;
  readonly minScore: number | null;
  readonly maxScore: number | null;
}

/** Counts the suppliers of a run in groups of equal values. @param condition on the score `s` */
export async function countGroups(db: Db, runId: number, condition?: SQL): Promise<readonly SupplierGroup[]> {
  const { rows } = await db.execute<GroupRow>(sql`
    select s.band, coalesce(s.region, 0) as region, coalesce(s.category, 0) as category, ${CHANGE} as change, s.present,
      count(*)::float8 as suppliers, min(s.p) as "minScore", max(s.p) as "maxScore"
    from ${scoresOf(runId)} s where ${condition ?? sql`true`} group by 1, 2, 3, 4, 5`);
  return rows.map(({ band, ...row }) => ({ ...row, band: bandFromNumber(band) ?? "unknown" }));
}

/** The direction of the change of the score `s`. */
const CHANGE = sql`case when s.delta > 0 then 'up' when s.delta < 0 then 'down' when s.delta = 0 then 'none' else 'unknown' end`;

/** A run, with the run that its changes are computed from. */
export type LinkedRun = Pick<ScoredRun, "id" | "previousRunId">;

/**
 * Creates a function that returns the groups of all suppliers of a complete run. The scores of a complete run do
 * not change, except for their changes when its previous run is another one. So the groups of the latest runs are kept;
 * they are far fewer than the suppliers.
 */
export function createRunGroups(db: Db): (run: LinkedRun) => Promise<readonly SupplierGroup[]> {
  const kept = new Map<string, Promise<readonly SupplierGroup[]>>();
  return ({ id, previousRunId }) => {
    const key = `${id}/${previousRunId}`;
    const known = kept.get(key);
    if (known) return known;
    const counted = countGroups(db, id);
    kept.set(key, counted);
    counted.catch(() => kept.delete(key));
    if (kept.size > MAX_RUNS) kept.delete(kept.keys().next().value ?? key);
    return counted;
  };
}
