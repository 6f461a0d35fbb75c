import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { kindRemovalEvent } from "../../domain/retention-kinds.ts";
import type { InTransaction } from "../database.ts";
import { lockProgress, type RemovalPorts, recordRemoval } from "./retention-progress.ts";

/** Number of events that one transaction looks at. */
const BATCH_EVENTS = 5_000;
/** Maximum number of transactions of one pass; the next pass continues. */
const MAX_BATCHES = 200;
const DAY_US = 86_400_000_000;

/**
 * Erases the payloads of audit events that were recorded longer ago than `days`, in the order of the log. Events about erasures and removals
 * keep their payloads: they say why others are gone. Readers and writers of the log wait only for the row that they need.
 * @returns the number of erased payloads
 */
export async function eraseOldPayloads(
  inTransaction: InTransaction,
  days: number,
  ports: RemovalPorts,
): Promise<number> {
  let erased = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const done = await eraseBatch(inTransaction, days, ports);
    if (done === null) break;
    erased += done;
  }
  return erased;
}

/** Returns the number of erased payloads. Null: no event is old enough, or another replica is at work. */
function eraseBatch(inTransaction: InTransaction, days: number, ports: RemovalPorts): Promise<number | null> {
  const beforeUs = ports.now().getTime() * 1000 - days * DAY_US;
  return inTransaction(async ({ db }) => {
    const position = await lockProgress(db, "audit_payloads");
    if (position === null) return null;
    const { rows } = await db.execute<{ last: number | null }>(sql`
      select max(sequence)::float8 as last from (
        select sequence, recorded_us from bellwether.audit_event where sequence > ${position}::bigint order by sequence limit ${BATCH_EVENTS}
      ) e where recorded_us < ${beforeUs}::bigint`);
    const last = rows[0]?.last ?? null;
    if (last === null) return null;
    const { rowCount } = await db.execute(sql`
      update bellwether.audit_event set payload = null, salt = null
      where sequence > ${position}::bigint and sequence <= ${last}::bigint and recorded_us < ${beforeUs}::bigint
        and payload is not null and kind not like 'subject.%' and kind not like 'retention.%'`);
    const removed = rowCount ?? 0;
    const details = { payloads: removed, afterSequence: position, lastSequence: last, auditPayloadDays: days };
    const event = kindRemovalEvent("payloads_erased", "audit/payloads", details);
    await recordRemoval(db, ports, "audit_payloads", { removed, position: last, event });
    return removed;
  });
}
