import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { MergeLinks } from "../../domain/merges/merge-links.ts";
import type { Db } from "../database.ts";
import type { AlertView } from "./alerts.ts";

/** Adds the suppliers into which the suppliers of alerts are merged. Without a merged one, nothing is read. */
export async function withSurvivors<V extends Pick<AlertView, "alert"> & { readonly mergedInto?: string }>(
  db: Db,
  links: MergeLinks,
  views: readonly V[],
): Promise<readonly V[]> {
  if (links.isEmpty) return views;
  const survivors = views.map(({ alert: { supplierId } }) => links.survivorOf(supplierId));
  const merged = survivors.filter((survivor, i) => survivor !== views[i]?.alert.supplierId);
  if (merged.length === 0) return views;
  const { rows } = await db.execute<{ number: number; supplierId: string }>(sql`
    select id as number, external_id as "supplierId" from bellwether.supplier
    where id = any(${sql.param([...new Set(merged)])}::int[])`);
  const ids = new Map(rows.map(({ number, supplierId }) => [number, supplierId]));
  return views.map((view, i) => {
    const survivor = survivors[i] ?? view.alert.supplierId;
    const mergedInto = survivor === view.alert.supplierId ? undefined : ids.get(survivor);
    return mergedInto === undefined ? view : { ...view, mergedInto };
  });
}
