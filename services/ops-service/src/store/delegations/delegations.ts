import { actorOf } from "@bellwether/mesh/call/caller";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { and, desc, eq, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { Delegation } from "../../domain/delegations/delegation.ts";
import type { DelegationStore } from "../../domain/delegations/set-delegation.ts";
import { appendEvents } from "../audit/audit-events.ts";
import type { Db, InTransaction } from "../database.ts";
import { delegation } from "../delegation-schema.ts";
import { inScope } from "../supplier-scopes.ts";

/** Key of an advisory lock, an arbitrary number: delegations are changed one after another. */
const DELEGATION_LOCK = 724_018;
/** Maximum number of suppliers that are named. */
const MAX_NAMED = 20;
/** Maximum number of sessions that are compared with a name. */
const MAX_SESSIONS = 10_000;

export interface DelegationOptions {
  readonly now: () => Date;
  readonly newId: () => string;
}

const isOpen = (now: Date) =>
  sql`${delegation.endedAt} is null and ${delegation.endsAt} > ${now.toISOString()}::timestamptz`;

/** Creates a function that changes delegations in one transaction. */
export function createDelegationTransaction(inTransaction: InTransaction, { now, newId }: DelegationOptions) {
  return <T>(work: (store: DelegationStore) => Promise<T>): Promise<T> =>
    inTransaction(({ db }) =>
      work({
        async open(at) {
          await db.execute(sql`select pg_advisory_xact_lock(${DELEGATION_LOCK})`);
          return await db.select().from(delegation).where(isOpen(at));
        },
        async find(id) {
          return (await db.select().from(delegation).where(eq(delegation.id, id)))[0];
        },
        async write(changed, change) {
          const { id, owner, deputy, startsAt, endsAt, reason, endedAt, endedBy } = changed;
          await db.insert(delegation).values(changed).onConflictDoUpdate({
            target: delegation.id,
            set: { endedAt, endedBy },
          });
          const actor = change === "set" ? changed.createdBy : endedBy;
          const payload = JSON.stringify({
            ...{ delegationId: id, owner, deputy, reason },
            ...{ startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString() },
          });
          const us = BigInt(now().getTime()) * 1000n;
          const event = { kind: `delegation.${change}`, actor, subject: owner, payload };
          await appendEvents(db, [{ ...event, eventId: newId(), occurredUs: us }], us);
        },
        scopeOfPerson: (actor, at) => scopeOfPerson(db, actor, at),
        hidden: (owner, seenBy, hiddenFrom) => readHidden(db, owner, seenBy, hiddenFrom),
      }),
    );
}

/** A person is written as name and subject, so the latest sessions are compared one by one. */
async function scopeOfPerson(db: Db, actor: string, now: Date) {
  const { rows } = await db.execute<{ subject: string; name: string; scope: SupplierScope | null }>(sql`
    select s.subject, s.name, s.scope from bellwether.session s
    where s.ended_at is null and s.expires_at > ${now.toISOString()}::timestamptz and position(s.subject in ${actor}) > 0
    order by s.created_at desc limit ${MAX_SESSIONS}::int`);
  const found = rows.find((row) => actorOf(row) === actor);
  return found && { scope: found.scope ?? undefined };
}

async function readHidden(
  db: Db,
  owner: string,
  seenBy: SupplierScope | undefined,
  hiddenFrom: SupplierScope,
): Promise<{ readonly alerts: number; readonly supplierIds: readonly string[] }> {
  const [seen, kept] = [inScope(seenBy, sql`u`) ?? sql`true`, inScope(hiddenFrom, sql`u`) ?? sql`true`];
  const { rows } = await db.execute<{ alerts: number; supplierIds: readonly string[] | null }>(sql`
    with hidden as (
      select u.external_id as id from bellwether.alert a join bellwether.supplier u on u.id = a.supplier_id
      where a.state <> 'resolved' and a.owner = ${owner} and ${seen} and (${kept}) is not true
    )
    select (select count(*)::int from hidden) as alerts,
      (select array_agg(id) from (select distinct id from hidden order by id limit ${MAX_NAMED}::int) n) as "supplierIds"`);
  return { alerts: rows[0]?.alerts ?? 0, supplierIds: rows[0]?.supplierIds ?? [] };
}

/** Lists delegations, the latest end first. @param person owner or deputy; empty: of everybody */
export function listDelegations(
  db: Db,
  { person, includeEnded }: { readonly person: string; readonly includeEnded: boolean },
  now: Date,
  limit: number,
): Promise<Delegation[]> {
  return db
    .select()
    .from(delegation)
    .where(
      and(
        includeEnded ? undefined : isOpen(now),
        person === "" ? undefined : sql`${person} in (${delegation.owner}, ${delegation.deputy})`,
      ),
    )
    .orderBy(desc(delegation.endsAt), desc(delegation.id))
    .limit(limit);
}

/** Returns the owners whose deputy a person is at a time. */
export async function readOwnersOf(db: Db, deputy: string, now: Date): Promise<readonly string[]> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const { rows } = await db.execute<{ owner: string }>(sql`
    select distinct owner from bellwether.delegation
    where deputy = ${deputy} and ended_at is null and starts_at <= ${at} and ends_at > ${at} order by owner limit 100`);
  return rows.map(({ owner }) => owner);
}

/** Returns the deputy of each owner who is away at a time. */
export async function readDeputies(db: Db, now: Date): Promise<ReadonlyMap<string, string>> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const { rows } = await db.execute<{ owner: string; deputy: string }>(sql`
    select owner, deputy from bellwether.delegation
    where ended_at is null and starts_at <= ${at} and ends_at > ${at} limit 10000`);
  return new Map(rows.map(({ owner, deputy }) => [owner, deputy]));
}
