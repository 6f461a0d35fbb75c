import { actorOf } from "@bellwether/mesh/call/caller";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { KnownOwner } from "../../domain/alerts/suggest-owners.ts";
import type { Db } from "../database.ts";
import { ofScope } from "./alerts.ts";

/** Maximum number of owners of alerts, and of owners of suppliers. */
const MAX_OWNERS = 1_000;
/** Number of the newest entries of alert histories whose authors are returned. */
const MAX_EVENTS = 2_000;
const MAX_SESSIONS = 1_000;

const MAX_DELEGATIONS = 1_000;

export interface KnownOwnersQuery {
  /** Only alerts of this scope are counted. */
  readonly scope: SupplierScope | undefined;
  /** Owners to whom the notice routes send something. They are returned as they are. */
  readonly ofRoutes: Iterable<string>;
  readonly now: Date;
}

/**
 * Reads who owns active alerts or suppliers, who has signed in, who has acted on alerts lately, and who is the owner or the
 * deputy of a delegation that has not ended; and adds the owners of the notice routes. From each of these tables it returns a limited number of persons. For suppliers it jumps in the index from one owner to the next different
 * owner, so the time does not depend on the number of suppliers.
 */
export async function readKnownOwners(
  db: Db,
  { scope, ofRoutes, now }: KnownOwnersQuery,
): Promise<readonly KnownOwner[]> {
  const isCounted = sql.join([sql`state <> 'resolved' and owner <> ''`, ...ofScope(scope)], sql` and `);
  const { rows } = await db.execute<{
    source: string;
    owner: string;
    name: string;
    alerts: number;
    seenMs: number;
  }>(sql`
    with recursive supplier_owner(owner) as (
      (select owner from bellwether.supplier where owner <> '' order by owner limit 1)
      union all
      select (select u.owner from bellwether.supplier u where u.owner <> '' and u.owner > o.owner order by u.owner limit 1)
      from supplier_owner o where o.owner is not null
    )
    (select 'alert' as source, owner, '' as name, count(*)::int as alerts, 0::float8 as "seenMs"
      from bellwether.alert where ${isCounted} group by owner order by 4 desc limit ${MAX_OWNERS})
    union all
    (select 'actor', e.actor, '', 0, (extract(epoch from max(e.occurred_at)) * 1000)::float8
      from (select actor, occurred_at from bellwether.alert_event order by id desc limit ${MAX_EVENTS}) e
      where e.actor <> '' group by e.actor)
    union all
    (select 'session', s.subject, s.name, 0, (extract(epoch from s.created_at) * 1000)::float8
      from bellwether.session s order by s.created_at desc limit ${MAX_SESSIONS})
    union all
    (select distinct 'delegation', person.name, '', 0, 0::float8
      from (select owner, deputy from bellwether.delegation
        where ended_at is null and ends_at > ${now.toISOString()}::timestamptz order by ends_at desc limit ${MAX_DELEGATIONS}) d
      cross join lateral (values (d.owner), (d.deputy)) person(name))
    union all
    (select 'supplier', owner, '', 0, 0 from supplier_owner where owner is not null limit ${MAX_OWNERS})`);
  const stored = rows.map(({ source, owner, name, alerts, seenMs }) => ({
    owner: source === "session" ? actorOf({ subject: owner, name }) : owner,
    activeAlerts: alerts,
    seenMs,
  }));
  return [...stored, ...Array.from(ofRoutes, (owner) => ({ owner, activeAlerts: 0, seenMs: 0 }))];
}
