import { randomUUID } from "node:crypto";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { AuditEvent } from "../../domain/audit/audit-chain.ts";
import { lastSequences, missingEvents, placesOf } from "../../domain/audit/missing-events.ts";
import type { Db } from "../database.ts";

/**
 * Returns an event for each gap in the sequences of the producers of new events, and stores the last sequence of each
 * producer. The caller holds the lock of the log's head.
 */
export async function findMissing(db: Db, events: readonly AuditEvent[], nowUs: bigint): Promise<AuditEvent[]> {
  const places = placesOf(events);
  if (places.length === 0) return [];
  const producers = sql.param([...new Set(places.map(({ producer }) => producer))]);
  const { rows } = await db.execute<{ producer: string; last: number }>(sql`
    select producer::text as producer, last_sequence::float8 as last from bellwether.audit_producer
    where producer = any(${producers}::uuid[])`);
  const known = new Map(rows.map(({ producer, last }) => [producer, last]));
  const last = [...lastSequences(places, known)];
  await db.execute(sql`
    insert into bellwether.audit_producer (producer, last_sequence)
    select * from unnest(${sql.param(last.map(([producer]) => producer))}::uuid[],
      ${sql.param(last.map(([, sequence]) => String(sequence)))}::bigint[])
    on conflict (producer) do update set last_sequence = excluded.last_sequence`);
  return missingEvents(places, known).map((gap) => ({ ...gap, eventId: randomUUID(), occurredUs: nowUs }));
}
