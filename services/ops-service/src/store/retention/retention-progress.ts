import { eq, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { kindRemovalEvent, RemovedItems, RemovedKind } from "../../domain/retention-kinds.ts";
import { appendEvents } from "../audit/audit-events.ts";
import type { Db } from "../database.ts";
import { retentionProgress } from "../retention-schema.ts";

/** Clock and ids of a removal. */
export interface RemovalPorts {
  readonly now: () => Date;
  readonly newId: () => string;
}

/** Returns the removals of each kind. A kind without an entry has had none. */
export async function readRemovedItems(db: Db): Promise<ReadonlyMap<RemovedKind, RemovedItems>> {
  const rows = await db.select().from(retentionProgress);
  return new Map(rows.map(({ kind, removed, lastRemovedAt }) => [kind, { removed, lastRemovedAt }]));
}

/** Locks the progress of a kind until the transaction ends, and returns its position. Null: another replica has the lock. */
export async function lockProgress(db: Db, kind: RemovedKind): Promise<number | null> {
  await db.insert(retentionProgress).values({ kind }).onConflictDoNothing();
  const [row] = await db
    .select({ position: retentionProgress.position })
    .from(retentionProgress)
    .where(eq(retentionProgress.kind, kind))
    .for("update", { skipLocked: true });
  return row?.position ?? null;
}

/** Records a removal, in its transaction: in the progress of the kind, and in the audit log. Nothing removed: only the position moves. */
export async function recordRemoval(
  db: Db,
  { now, newId }: RemovalPorts,
  kind: RemovedKind,
  removal: {
    readonly removed: number;
    readonly position?: number;
    readonly event: ReturnType<typeof kindRemovalEvent>;
  },
): Promise<void> {
  const { removed, position, event } = removal;
  if (removed === 0 && position === undefined) return;
  const at = now();
  await db
    .update(retentionProgress)
    .set({
      ...(position !== undefined && { position }),
      ...(removed > 0 && { removed: sql`${retentionProgress.removed} + ${removed}`, lastRemovedAt: at }),
    })
    .where(eq(retentionProgress.kind, kind));
  if (removed === 0) return;
  const us = BigInt(at.getTime()) * 1000n;
  await appendEvents(db, [{ ...event, eventId: newId(), occurredUs: us }], us);
}
