import { and, asc, desc, eq, gt, gte, lt, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import {
  type AuditEvent,
  type AuditHead,
  type AuditRecord,
  chainEvents,
  EMPTY_CHAIN,
  hashedRest,
  payloadHashOf,
} from "../../domain/audit/audit-chain.ts";
import type { AuditQuery } from "../../domain/audit/audit-query.ts";
import type { Db } from "../database.ts";
import { auditEvent, auditHead } from "../schema.ts";

/**
 * Appends events to the audit log in order, within the transaction of `db`. Events that were recorded before
 * are left out. Returns the number of appended events.
 */
export async function appendEvents(db: Db, events: readonly AuditEvent[], recordedUs: bigint): Promise<number> {
  const [head = EMPTY_CHAIN] = await db.select().from(auditHead).for("update");
  const ids = sql.param(events.map(({ eventId }) => eventId));
  const known = await db
    .select({ eventId: auditEvent.eventId })
    .from(auditEvent)
    .where(sql`${auditEvent.eventId} = any(${ids}::uuid[])`);
  const seen = new Set(known.map(({ eventId }) => eventId));
  const fresh = events.filter(({ eventId }) => !seen.has(eventId) && seen.add(eventId));
  const records = chainEvents(head, fresh, recordedUs);
  const last = records.at(-1);
  if (!last) return 0;
  await db.execute(insertRecords(records));
  await db.update(auditHead).set({ sequence: last.sequence, hash: last.hash });
  return records.length;
}

/**
 * Returns the common table expressions that append one new event, the last of them with the name `appended`: it has
 * the sequence of the event. They lock the head of the chain, which every other writer needs, for one statement
 * instead of four.
 */
export function appendingSql(event: AuditEvent, recordedUs: bigint): SQL {
  const { eventId, kind, actor, subject, payload, occurredUs } = event;
  const payloadHash = payloadHashOf(event);
  const rest = hashedRest({ ...event, recordedUs, payloadHash });
  // The lock returns the newest head, also when another writer has moved it while this one waited.
  return sql`
    head as materialized (
      select sequence + 1 as sequence, hash as previous_hash from bellwether.audit_head for update
    ), chained as materialized (
      select sequence, previous_hash, encode(sha256(convert_to(
        '64:' || previous_hash || length(sequence::text) || ':' || sequence || ${rest}::text, 'UTF8')), 'hex') as hash
      from head
    ), moved as (
      update bellwether.audit_head set sequence = c.sequence, hash = c.hash from chained c
    ), appended as (
      insert into bellwether.audit_event
        (sequence, event_id, kind, actor, subject, occurred_us, recorded_us, payload, payload_hash, previous_hash, hash)
      select sequence, ${eventId}::uuid, ${kind}, ${actor}, ${subject}, ${String(occurredUs)}::bigint,
        ${String(recordedUs)}::bigint, ${payload}, ${payloadHash}, previous_hash, hash from chained
      returning sequence
    )`;
}

/**
 * One array parameter per column: one parameter per value would cost several times the rest of the
 * transaction.
 */
function insertRecords(records: readonly AuditRecord[]): SQL {
  const column = (value: (record: AuditRecord) => string | null) => sql.param(records.map(value));
  return sql`
    insert into ${auditEvent} (sequence, event_id, kind, actor, subject, occurred_us, recorded_us, payload, payload_hash, previous_hash, hash)
    select * from unnest(
      ${column((r) => String(r.sequence))}::bigint[], ${column((r) => r.eventId)}::uuid[],
      ${column((r) => r.kind)}::text[], ${column((r) => r.actor)}::text[], ${column((r) => r.subject)}::text[],
      ${column((r) => String(r.occurredUs))}::bigint[], ${column((r) => String(r.recordedUs))}::bigint[],
      ${column((r) => r.payload)}::text[], ${column((r) => r.payloadHash)}::text[],
      ${column((r) => r.previousHash)}::text[], ${column((r) => r.hash)}::text[])`;
}

/** Lists records, newest occurred_at first; at the same time, highest sequence first. */
export function queryEvents(db: Db, query: AuditQuery, limit: number): Promise<AuditRecord[]> {
  const { kind, subject, actor, fromUs, toUs, after } = query;
  const conditions = [
    kind === undefined ? undefined : eq(auditEvent.kind, kind),
    subject === undefined ? undefined : eq(auditEvent.subject, subject),
    actor === undefined ? undefined : eq(auditEvent.actor, actor),
    fromUs === undefined ? undefined : gte(auditEvent.occurredUs, fromUs),
    toUs === undefined ? undefined : lt(auditEvent.occurredUs, toUs),
    after &&
      sql`(${auditEvent.occurredUs}, ${auditEvent.sequence}) < (${String(after.occurredUs)}::bigint, ${after.sequence}::bigint)`,
  ];
  return db
    .select()
    .from(auditEvent)
    .where(and(...conditions))
    .orderBy(desc(auditEvent.occurredUs), desc(auditEvent.sequence))
    .limit(limit);
}

/** Lists the records after a sequence, oldest first. */
export function recordsAfter(db: Db, sequence: number, limit: number): Promise<AuditRecord[]> {
  return db
    .select()
    .from(auditEvent)
    .where(gt(auditEvent.sequence, sequence))
    .orderBy(asc(auditEvent.sequence))
    .limit(limit);
}

/** Returns the stored head of the chain. */
export async function chainHead(db: Db): Promise<AuditHead> {
  const [head = EMPTY_CHAIN] = await db.select().from(auditHead);
  return head;
}
