import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { kindRemovalEvent } from "../../domain/retention-kinds.ts";
import type { InTransaction } from "../database.ts";
import { lockProgress, type RemovalPorts, recordRemoval } from "./retention-progress.ts";

/** Maximum number of notes that one transaction erases. */
const BATCH_NOTES = 2_000;
const DAY_MS = 86_400_000;

/** Erases the notes of alerts that were resolved longer ago than `days`. Returns the number of erased notes. */
export async function eraseOldNotes(inTransaction: InTransaction, days: number, ports: RemovalPorts): Promise<number> {
  const before = new Date(ports.now().getTime() - days * DAY_MS).toISOString();
  let erased = 0;
  for (let batch = BATCH_NOTES; batch === BATCH_NOTES; erased += batch)
    batch = await inTransaction(async ({ db }) => {
      if ((await lockProgress(db, "alert_notes")) === null) return 0;
      const { rows } = await db.execute<{ notes: number; alerts: number }>(sql`
        with erased as (
          update bellwether.alert_event set note = '' where id in (
            select e.id from bellwether.alert_event e join bellwether.alert a on a.id = e.alert_id
            where e.note <> '' and a.state = 'resolved' and a.resolved_at < ${before}::timestamptz order by e.id limit ${BATCH_NOTES})
          returning alert_id
        ) select count(*)::int as notes, count(distinct alert_id)::int as alerts from erased`);
      const { notes = 0, alerts = 0 } = rows[0] ?? {};
      const event = kindRemovalEvent("notes_erased", "alerts", { notes, alerts, noteDays: days });
      await recordRemoval(db, ports, "alert_notes", { removed: notes, event });
      return notes;
    });
  return erased;
}
