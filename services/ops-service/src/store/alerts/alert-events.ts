import { desc, eq } from "@bellwether/postgres/drizzle/drizzle";
import type { AlertDecision, AlertEvent } from "../../domain/alerts/alert.ts";
import type { Db } from "../database.ts";
import { alertEvent } from "../schema.ts";

/** Lists the entries of an alert's history, newest first. */
export async function listAlertEvents(db: Db, alertId: string, limit: number): Promise<AlertEvent[]> {
  const ofAlert = db.select().from(alertEvent).where(eq(alertEvent.alertId, alertId));
  return (await ofAlert.orderBy(desc(alertEvent.id)).limit(limit)).map(eventFromRow);
}

/** Times in the JSON of `before`. */
const TIMES: ReadonlySet<string> = new Set<keyof AlertDecision>([
  ...(["resolvedAt", "snoozedUntil", "overrideUntil", "acceptedUntil"] as const),
]);

/** Converts a row; the values before an action are JSON, in which times are texts. */
export function eventFromRow({ before, ...row }: typeof alertEvent.$inferSelect): AlertEvent {
  const value = (key: string, json: unknown) => (TIMES.has(key) && typeof json === "string" ? new Date(json) : json);
  const entries = Object.entries(before ?? {}).map(([key, json]) => [key, value(key, json)]);
  return { ...row, before: before && Object.fromEntries(entries) };
}
