import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { type MergeLinks, mergeLinksOf, NO_MERGES } from "../../domain/merges/merge-links.ts";
import type { Db } from "../database.ts";

/** The links of all merges in memory, so that lists and searches without merges cost no query and no lock more. */
export interface KnownMerges {
  readonly links: () => MergeLinks;
  /** Reads the links again if a merge has changed. */
  refresh(): Promise<void>;
}

/** Creates the links of all merges. Before the first `refresh`, there are none. */
export function createKnownMerges(db: Db): KnownMerges {
  let latest = { change: 0, links: NO_MERGES };
  return {
    links: () => latest.links,
    async refresh() {
      const { rows } = await db.execute<{ change: number }>(
        sql`select coalesce(max(change), 0)::float8 as change from bellwether.supplier_merge`,
      );
      const change = rows[0]?.change ?? 0;
      if (change === latest.change) return;
      // The links can be newer than the number. Then the next call reads them again.
      const { rows: merges } = await db.execute<{ survivor: number; merged: number }>(sql`
        select survivor_id as survivor, merged_id as merged from bellwether.supplier_merge
        where undone_at is null order by change`);
      // A call that began later can have ended earlier.
      if (change > latest.change) latest = { change, links: mergeLinksOf(merges) };
    },
  };
}
