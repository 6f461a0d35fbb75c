import { type AuditHead, EMPTY_CHAIN, hashedRest } from "@bellwether/contract/audit/record-hash";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import {
  type AuditEvent,
  type AuditRecord,
  chainEvents,
  type KnownEvent,
  newEvents,
  OWN_RECORDER,
  unchained,
} from "../../domain/audit/audit-chain.ts";
import type { Db } from "../database.ts";
import { auditEvent, auditHead } from "../schema.ts";
import { findMissing } from "./audit-producers.ts";

/**
 * Appends events to the audit log in order, within the transaction of `db`. Events that were recorded before
 * are left out, and an event is added where those of a producer have a gap. Returns the number of appended events, without
 * the added ones.
 * @param recordedBy subject of the caller who reports the events
 * @throws AuditEventConflictError for an event that has the id of another event
 */
export async function appendEvents(
  db: Db,
  events: readonly AuditEvent[],
  recordedUs: bigint,
  recordedBy: string = OWN_RECORDER,
): Promise<number> {
  const [head = EMPTY_CHAIN] = await db.select().from(auditHead).for("update");
  const fresh = newEvents(events, await knownEvents(db, events));
  if (fresh.length === 0) return 0;
  const reported = chainEvents(head, fresh, { recordedBy, recordedUs });
  const missing = await findMissing(db, fresh, recordedUs);
  const added = chainEvents(reported.at(-1) ?? head, missing, { recordedBy: OWN_RECORDER, recordedUs });
  const records = [...reported, ...added];
  await db.execute(insertRecords(records));
  const { sequence, hash } = records.at(-1) ?? head;
  await db.update(auditHead).set({ sequence, hash });
  return reported.length;
}

function knownEvents(db: Db, events: readonly AuditEvent[]): Promise<KnownEvent[]> {
  const { eventId, kind, actor, subject, occurredUs, payload } = auditEvent;
  const ids = sql.param(events.map((event) => event.eventId));
  return db
    .select({ eventId, kind, actor, subject, occurredUs, payload })
    .from(auditEvent)
    .where(sql`${auditEvent.eventId} = any(${ids}::uuid[])`);
}

/**
 * Returns the common table expressions that append one new event of this service, the last of them with the name
 * `appended`: it has the sequence of the event. They lock the head of the chain, which every other writer needs, for one
 * statement instead of four.
 * @param when condition without which nothing is locked or appended
 */
export function appendingSql(event: AuditEvent, recordedUs: bigint, when: SQL): SQL {
  const record = unchained(event, { recordedBy: OWN_RECORDER, recordedUs });
  const { eventId, kind, actor, subject, payload, occurredUs, payloadHash, salt, recordedBy, hashVersion } = record;
  // The lock returns the newest head, also when another writer has moved it while this one waited.
  return sql`
    head as materialized (
      select sequence + 1 as sequence, hash as previous_hash from bellwether.audit_head
      where ${when} for update
    ), chained as materialized (
      select sequence, previous_hash, encode(sha256(convert_to(
        '64:' || previous_hash || length(sequence::text) || ':' || sequence || ${hashedRest(record)}::text, 'UTF8')), 'hex') as hash
      from head
    ), moved as (
      update bellwether.audit_head set sequence = c.sequence, hash = c.hash from chained c
    ), appended as (
      insert into bellwether.audit_event
        (sequence, event_id, kind, actor, subject, occurred_us, recorded_us, payload, payload_hash, previous_hash, hash,
          hash_version, recorded_by, salt)
      select sequence, ${eventId}::uuid, ${kind}, ${actor}, ${subject}, ${String(occurredUs)}::bigint,
        ${String(recordedUs)}::bigint, ${payload}, ${payloadHash}, previous_hash, hash,
        ${hashVersion}::smallint, ${recordedBy}, ${salt} from chained
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
    insert into ${auditEvent} (sequence, event_id, kind, actor, subject, occurred_us, recorded_us, payload, payload_hash, previous_hash, hash,
      hash_version, recorded_by, salt)
    select * from unnest(
      ${column((r) => String(r.sequence))}::bigint[], ${column((r) => r.eventId)}::uuid[],
      ${column((r) => r.kind)}::text[], ${column((r) => r.actor)}::text[], ${column((r) => r.subject)}::text[],
      ${column((r) => String(r.occurredUs))}::bigint[], ${column((r) => String(r.recordedUs))}::bigint[],
      ${column((r) => r.payload)}::text[], ${column((r) => r.payloadHash)}::text[],
      ${column((r) => r.previousHash)}::text[], ${column((r) => r.hash)}::text[],
      ${column((r) => String(r.hashVersion))}::smallint[], ${column((r) => r.recordedBy)}::text[],
      ${column((r) => r.salt)}::text[])`;
}

/** Returns the stored head of the chain. */
export async function chainHead(db: Db): Promise<AuditHead> {
  const [head = EMPTY_CHAIN] = await db.select().from(auditHead);
  return head;
}
