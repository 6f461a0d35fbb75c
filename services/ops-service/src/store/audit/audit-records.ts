import type { AuditHead, HashedRecord } from "@bellwether/contract/audit/record-hash";
import { and, asc, desc, eq, gt, gte, lt, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { AuditRecord } from "../../domain/audit/audit-chain.ts";
import type { AuditQuery } from "../../domain/audit/audit-query.ts";
import type { LogEnd } from "../../domain/audit/verify-chain.ts";
import type { Db } from "../database.ts";
import { auditEvent } from "../schema.ts";

/**
 * Selects the rows whose sequence is in the chain; other rows were not appended by the service. The second condition is on
 * an expression, not on the column: with both on the column, PostgreSQL expects few rows and chooses a slow plan.
 */
const IN_CHAIN = sql`${auditEvent.sequence} <= (select sequence from bellwether.audit_head) and ${auditEvent.sequence} + 0 >= 1`;

/**
 * Lists records by occurred_at, newest first. Records with an equal occurred_at are listed by sequence, highest first. With
 * `afterSequence`, all are listed by sequence, lowest first.
 */
export function queryEvents(db: Db, query: AuditQuery, limit: number): Promise<AuditRecord[]> {
  const { kind, subject, actor, recordedBy, fromUs, toUs, after, afterSequence } = query;
  const conditions = [
    IN_CHAIN,
    kind === undefined ? undefined : eq(auditEvent.kind, kind),
    subject === undefined ? undefined : eq(auditEvent.subject, subject),
    actor === undefined ? undefined : eq(auditEvent.actor, actor),
    recordedBy === undefined ? undefined : eq(auditEvent.recordedBy, recordedBy),
    fromUs === undefined ? undefined : gte(auditEvent.occurredUs, fromUs),
    toUs === undefined ? undefined : lt(auditEvent.occurredUs, toUs),
    afterSequence === undefined ? undefined : gt(auditEvent.sequence, afterSequence),
    after &&
      sql`(${auditEvent.occurredUs}, ${auditEvent.sequence}) < (${String(after.occurredUs)}::bigint, ${after.sequence}::bigint)`,
  ];
  const order =
    afterSequence === undefined ? [desc(auditEvent.occurredUs), desc(auditEvent.sequence)] : [asc(auditEvent.sequence)];
  return db
    .select()
    .from(auditEvent)
    .where(and(...conditions))
    .orderBy(...order)
    .limit(limit);
}

/** Lists the records after a sequence, oldest first. */
export function recordsAfter(db: Db, sequence: number, limit: number): Promise<AuditRecord[]> {
  return db
    .select()
    .from(auditEvent)
    .where(and(gt(auditEvent.sequence, sequence), IN_CHAIN))
    .orderBy(asc(auditEvent.sequence))
    .limit(limit);
}

/** A row of the log as the driver returns it: times stay the decimal digits that are hashed. */
interface Row extends HashedRecord {
  readonly [name: string]: unknown;
}

/** Lists rows from a sequence on, oldest first, also those that are not in the chain. Faster than `recordsAfter`. */
export async function rowsFrom(db: Db, sequence: number, limit: number): Promise<readonly HashedRecord[]> {
  // The column is named with its table: the name alone is the converted value, for which there is no index.
  const { rows } = await db.execute<Row>(sql`
    select sequence::float8 as sequence, event_id::text as "eventId", kind, actor, subject, occurred_us::text as "occurredUs",
      recorded_us::text as "recordedUs", payload, payload_hash as "payloadHash", previous_hash as "previousHash", hash,
      hash_version as "hashVersion", recorded_by as "recordedBy", salt
    from bellwether.audit_event where sequence >= ${sequence}::bigint order by audit_event.sequence limit ${limit}`);
  return rows;
}

/** Returns the head, and the first row outside the chain, both of one moment. */
export async function readEnd(db: Db): Promise<LogEnd> {
  const { rows } = await db.execute<{
    sequence: number;
    hash: string;
    below: number | null;
    beyond: number | null;
  }>(sql`
    select h.sequence::float8 as sequence, h.hash,
      (select min(sequence) from bellwether.audit_event where sequence < 1)::float8 as below,
      (select min(sequence) from bellwether.audit_event where sequence > h.sequence)::float8 as beyond
    from bellwether.audit_head h`);
  const [row] = rows;
  if (!row) return { head: null, outside: null };
  const head: AuditHead = { sequence: row.sequence, hash: row.hash };
  return { head, outside: row.below ?? row.beyond };
}
