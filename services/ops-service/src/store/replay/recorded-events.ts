import { EMPTY_CHAIN } from "@bellwether/contract/audit/record-hash";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { RecordedEvent } from "../../domain/replay/replay-decision.ts";
import { recordsAfter } from "../audit/audit-records.ts";
import type { Db } from "../database.ts";
import { findPredictionEvent } from "../outcomes/served-predictions.ts";

/** Finds the event with this id, or the event that recorded the prediction with this id, with the record before it. */
export async function findRecordedEvent(db: Db, id: string): Promise<RecordedEvent | null> {
  const sequence = (await sequenceOfEvent(db, id)) ?? (await findPredictionEvent(db, id));
  if (sequence === undefined) return null;
  const [first, second] = await recordsAfter(db, Math.max(0, sequence - 2), 2);
  const [before, record] = sequence === 1 ? [EMPTY_CHAIN, first] : [first, second];
  return before && record?.sequence === sequence ? { record, before } : null;
}

async function sequenceOfEvent(db: Db, id: string): Promise<number | undefined> {
  const { rows } = await db.execute<{ sequence: number }>(
    sql`select sequence::float8 as sequence from bellwether.audit_event where event_id = ${id}::uuid`,
  );
  return rows[0]?.sequence;
}
