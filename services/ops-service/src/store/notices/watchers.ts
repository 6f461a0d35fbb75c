import type { NoticeRoutes } from "@bellwether/config/notice-routes";
import { isInScope, type SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { NoticeEvent } from "../../domain/notices/notice-event.ts";
import type { RoutedSupplier } from "../../domain/notices/route-notice.ts";
import type { Db } from "../database.ts";

/** Returns the owners of watchlists with the supplier of an event who see this supplier, in the order of their names. */
export type WatchersOf = (
  event: Pick<NoticeEvent, "supplierId">,
  supplier: Pick<RoutedSupplier, "region" | "category">,
) => readonly string[];

/**
 * Reads the owners of watchlists with the suppliers of events, or with a supplier of the same merges. Only those whom the routes know. What a
 * person sees follows from the latest session, else from the time at which the person last changed the list; if neither is known, the person
 * gets no notice.
 */
export async function readWatchers(
  db: Db,
  events: readonly NoticeEvent[],
  { owners, watchlists }: Pick<NoticeRoutes, "owners" | "watchlists">,
  now: Date,
): Promise<WatchersOf> {
  if (watchlists === "off" || owners.size === 0) return () => [];
  const { rows } = await db.execute<{ supplier: number; name: string; scope: SupplierScope | "all" | null }>(sql`
    with asked as (select distinct s as id from unnest(${sql.param(events.map(({ supplierId }) => supplierId))}::int[]) s),
      rooted as (
        select a.id, coalesce(m.survivor_id, a.id) as root
        from asked a left join bellwether.supplier_merge m on m.merged_id = a.id and m.undone_at is null),
      members as (
        select id, id as member from rooted union select id, root from rooted
        union select r.id, m.merged_id from rooted r join bellwether.supplier_merge m on m.survivor_id = r.root and m.undone_at is null)
    select distinct on (x.id, l.owner) x.id as supplier, l.owner_name as name, coalesce(
      (select coalesce(s.scope, '"all"'::jsonb) from bellwether.session s
       where s.subject = l.owner and s.ended_at is null and s.expires_at > ${now.toISOString()}::timestamptz
       order by s.created_at desc limit 1), l.owner_scope) as scope
    from members x join bellwether.watched_supplier w on w.supplier_id = x.member join bellwether.watchlist l on l.id = w.watchlist_id
    where l.owner_name = any(${sql.param([...owners.keys()])}::text[])
    order by x.id, l.owner, l.changed_at desc`);
  const bySupplier = Map.groupBy(rows, ({ supplier }) => supplier);
  return ({ supplierId }, supplier) => {
    const seeing = (bySupplier.get(supplierId) ?? []).filter(
      ({ scope }) => scope !== null && (scope === "all" || isInScope(scope, supplier)),
    );
    return [...new Set(seeing.map(({ name }) => name))].sort();
  };
}
