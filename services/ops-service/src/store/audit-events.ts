import { and, asc, desc, eq, gt, gte, lt, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { type AuditEvent, type AuditHead, type AuditRecord, chainEvents, EMPTY_CHAIN } from "../domain/audit-chain.ts";
import type { AuditQuery } from "../domain/audit-query.ts";
import type { Db } from "./database.ts";
import { auditEvent, auditHead } from "./schema.ts";

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
