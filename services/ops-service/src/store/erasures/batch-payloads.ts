import { eq, sql } from "@bellwether/postgres/drizzle/drizzle";
import { batchHasSupplier } from "../../domain/erasures/batch-has-supplier.ts";
import { erasureEvent } from "../../domain/erasures/erasure.ts";
import type { ReadBatch } from "../../domain/replay/recorded-decision.ts";
import { appendEvents } from "../audit/audit-events.ts";
import type { Db, InTransaction } from "../database.ts";
import type { RemovalPorts } from "../retention/retention-progress.ts";
import { subjectErasure } from "../retention-schema.ts";

/** Number of events that one transaction passes over. */
const BATCH_EVENTS = 5_000;
/** Maximum number of batches that one transaction reads: each has up to some hundred kilobytes. */
const BATCH_PAYLOADS = 50;
/** Maximum number of transactions of one pass; the next pass continues. */
const MAX_BATCHES = 2_000;

/**
 * Searches the batches in the audit log for the suppliers that were erased, and erases the payloads of those that have them. Each transaction
 * reads a part of the log and stores how far it is. Returns the number of erased payloads.
 */
export async function eraseBatchPayloads(
  inTransaction: InTransaction,
  readBatch: ReadBatch,
  ports: RemovalPorts,
): Promise<number> {
  let erased = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const done = await inTransaction(({ db }) => searchPart(db, readBatch, ports));
    if (done === null) break;
    erased += done;
  }
  return erased;
}

/** Returns the number of erased payloads. Null: nothing is left to search, or another replica is at work. */
async function searchPart(db: Db, readBatch: ReadBatch, { now, newId }: RemovalPorts): Promise<number | null> {
  const [erasure] = await db
    .select()
    .from(subjectErasure)
    .where(sql`events_searched < events_until`)
    .orderBy(subjectErasure.id)
    .limit(1)
    .for("update", { skipLocked: true });
  if (!erasure) return null;
  const { id, supplierId, eventsUntil, eventsSearched } = erasure;
  const end = Math.min(eventsUntil, eventsSearched + BATCH_EVENTS);
  const { rows } = await db.execute<{ sequence: number; payload: string }>(sql`
    select sequence::float8 as sequence, payload from bellwether.audit_event
    where sequence > ${eventsSearched}::bigint and sequence <= ${end}::bigint and kind = 'batch.served' and payload is not null
    order by sequence limit ${BATCH_PAYLOADS}`);
  const hits = rows.filter(({ payload }) => batchHasSupplier(payload, supplierId, readBatch));
  if (hits.length > 0)
    await db.execute(sql`
      update bellwether.audit_event set payload = null, salt = null
      where sequence = any(${sql.param(hits.map(({ sequence }) => sequence))}::bigint[])`);
  const searched = rows.length < BATCH_PAYLOADS ? end : (rows.at(-1)?.sequence ?? end);
  const batchPayloads = erasure.batchPayloads + hits.length;
  await db.update(subjectErasure).set({ eventsSearched: searched, batchPayloads }).where(eq(subjectErasure.id, id));
  if (searched < eventsUntil) return hits.length;
  const us = BigInt(now().getTime()) * 1000n;
  const event = erasureEvent("batches_erased", supplierId, { erasureId: id, payloads: batchPayloads, eventsUntil });
  await appendEvents(db, [{ ...event, eventId: newId(), occurredUs: us }], us);
  return hits.length;
}
