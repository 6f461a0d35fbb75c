import { and, asc, desc, eq, gt, gte, inArray, lt } from "drizzle-orm";
import { type AuditEvent, type AuditHead, type AuditRecord, chainEvents, EMPTY_CHAIN } from "../domain/audit-chain.ts";
import type { Db } from "./database.ts";
import { auditEvent, auditHead } from "./schema.ts";

/**
 * Appends events to the chain in their order, within one transaction; those recorded before are left out.
 * Gives the number appended.
 */
export function appendEvents(db: Db, events: readonly AuditEvent[], recordedUs: bigint): Promise<number> {
  return db.transaction(async (tx) => {
    const [head = EMPTY_CHAIN] = await tx.select().from(auditHead).for("update");
    const ids = events.map(({ eventId }) => eventId);
    const known = await tx
      .select({ eventId: auditEvent.eventId })
      .from(auditEvent)
      .where(inArray(auditEvent.eventId, ids));
    const seen = new Set(known.map(({ eventId }) => eventId));
    const fresh = events.filter(({ eventId }) => !seen.has(eventId) && seen.add(eventId));
    const records = chainEvents(head, fresh, recordedUs);
    const last = records.at(-1);
    if (!last) return 0;
    await tx.insert(auditEvent).values(records);
    await tx.update(auditHead).set({ sequence: last.sequence, hash: last.hash });
    return records.length;
  });
}

/** Conditions of a query; all hold together. */
export interface AuditFilter {
  readonly kind?: string;
  readonly subject?: string;
  readonly actor?: string;
  readonly fromUs?: bigint;
  readonly toUs?: bigint;
  readonly beforeSequence?: number;
}

/** Records of the trail, newest first. */
export function queryEvents(db: Db, filter: AuditFilter, limit: number): Promise<AuditRecord[]> {
  const { kind, subject, actor, fromUs, toUs, beforeSequence } = filter;
  const conditions = [
    kind === undefined ? undefined : eq(auditEvent.kind, kind),
    subject === undefined ? undefined : eq(auditEvent.subject, subject),
    actor === undefined ? undefined : eq(auditEvent.actor, actor),
    fromUs === undefined ? undefined : gte(auditEvent.occurredUs, fromUs),
    toUs === undefined ? undefined : lt(auditEvent.occurredUs, toUs),
    beforeSequence === undefined ? undefined : lt(auditEvent.sequence, beforeSequence),
  ];
  return db
    .select()
    .from(auditEvent)
    .where(and(...conditions))
    .orderBy(desc(auditEvent.sequence))
    .limit(limit);
}

/** Records behind a sequence, oldest first. */
export function recordsAfter(db: Db, sequence: number, limit: number): Promise<AuditRecord[]> {
  return db
    .select()
    .from(auditEvent)
    .where(gt(auditEvent.sequence, sequence))
    .orderBy(asc(auditEvent.sequence))
    .limit(limit);
}

/** Where the chain ends by its own account. */
export async function chainHead(db: Db): Promise<AuditHead> {
  const [head = EMPTY_CHAIN] = await db.select().from(auditHead);
  return head;
}
