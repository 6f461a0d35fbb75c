import { asc, desc, eq, inArray, lt, sql } from "@bellwether/postgres/drizzle/drizzle";
import { type Erasure, erasureEvent, type FileErasure, isRecorded } from "../../domain/erasures/erasure.ts";
import { ErasureNotFoundError } from "../../domain/ops-error.ts";
import { appendEvents } from "../audit/audit-events.ts";
import type { Db, Transaction } from "../database.ts";
import { erasurePlace, subjectErasure } from "../retention-schema.ts";

/** Maximum number of erasures that a place gets at once. */
const MAX_DUE = 100;
/** Maximum number of places of an erasure that are listed: those that have reported last. */
const MAX_PLACES = 20;
/** Time after which a place with waiting weeks looks again, hours. */
const RETRY_HOURS = 1;

/** Records an erasure, in its transaction: the search of batches and the places with files follow it. */
export async function recordErasure(
  db: Db,
  { supplierId, actor, at }: { readonly supplierId: string; readonly actor: string; readonly at: Date },
): Promise<void> {
  const eventsUntil = sql<number>`coalesce((select sequence from bellwether.audit_head), 0)`;
  await db.insert(subjectErasure).values({ supplierId, actor, erasedAt: at, eventsUntil });
}

/** Lists erasures with the reports of their places, newest first. @param before only those with a lower id */
export async function listErasures(db: Db, before: number | undefined, limit: number): Promise<Erasure[]> {
  const rows = await db
    .select()
    .from(subjectErasure)
    .where(before === undefined ? undefined : lt(subjectErasure.id, before))
    .orderBy(desc(subjectErasure.id))
    .limit(limit);
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const places = await db
    .select()
    .from(erasurePlace)
    .where(inArray(erasurePlace.erasureId, ids))
    .orderBy(desc(erasurePlace.reportedAt), asc(erasurePlace.place));
  const byErasure = Map.groupBy(places, ({ erasureId }) => erasureId);
  return rows.map((row) => {
    const latest = (byErasure.get(row.id) ?? []).slice(0, MAX_PLACES);
    return { ...row, places: latest.toSorted((a, b) => (a.place < b.place ? -1 : 1)) };
  });
}

/** Lists the erasures that a place has not reported as done, oldest first. */
export async function listDueErasures(db: Db, place: string): Promise<{ id: number; supplierId: string }[]> {
  const { rows } = await db.execute<{ id: number; supplierId: string }>(sql`
    select e.id, e.supplier_id as "supplierId" from bellwether.subject_erasure e
    where not exists (
      select from bellwether.erasure_place p where p.erasure_id = e.id and p.place = ${place}
        and (p.waiting = '{}' or p.reported_at > clock_timestamp() - make_interval(hours => ${RETRY_HOURS})))
    order by e.id limit ${MAX_DUE}`);
  return rows;
}

/** What a place reports about an erasure. */
export interface ErasureReport extends FileErasure {
  readonly erasureId: number;
  readonly place: string;
  readonly at: Date;
  readonly eventId: string;
}

/** Adds a report of a place to its earlier ones, and records it in the audit log. @throws ErasureNotFoundError */
export async function reportErasure({ db }: Transaction, report: ErasureReport): Promise<void> {
  const { erasureId, place, at, eventId, ...erased } = report;
  const [erasure] = await db.select().from(subjectErasure).where(eq(subjectErasure.id, erasureId)).for("update");
  if (!erasure) throw new ErasureNotFoundError(erasureId);
  const isPlace = sql`${erasurePlace.erasureId} = ${erasureId} and ${erasurePlace.place} = ${place}`;
  const [earlier = null] = await db.select().from(erasurePlace).where(isPlace);
  const sum = (key: "snapshots" | "reports" | "copies"): number => (earlier?.[key] ?? 0) + erased[key];
  const row = {
    ...{ erasureId, place, reportedAt: at, waiting: [...erased.waiting] },
    ...{ snapshots: sum("snapshots"), reports: sum("reports"), copies: sum("copies") },
  };
  const target = [erasurePlace.erasureId, erasurePlace.place];
  await db.insert(erasurePlace).values(row).onConflictDoUpdate({ target, set: row });
  if (!isRecorded(erased, earlier)) return;
  const us = BigInt(at.getTime()) * 1000n;
  const event = erasureEvent("files_erased", erasure.supplierId, { erasureId, place, ...erased });
  await appendEvents(db, [{ ...event, eventId, occurredUs: us }], us);
}
