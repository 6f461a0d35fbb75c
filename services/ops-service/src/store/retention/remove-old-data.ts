import type { RetentionLimits } from "../../domain/retention.ts";
import type { Store } from "../database.ts";
import { eraseOldNotes } from "./old-notes.ts";
import { eraseOldPayloads } from "./old-payloads.ts";
import { removeLateScores, removeOldReports } from "./old-reports.ts";
import { type RemovalOptions, removeOldScores } from "./old-scores.ts";

/**
 * Removes the data of each kind that is older than its retention. Each step is in transactions of its own, with an audit event in the same
 * transaction; a pass that was interrupted is continued by the next one. Returns what was done, in numbers.
 */
export async function removeOldData(
  { db, inTransaction }: Store,
  limits: RetentionLimits,
  options: RemovalOptions,
): Promise<Readonly<Record<string, number>>> {
  const { reportWeeks, auditPayloadDays, noteDays, outcomeWeeks } = limits;
  const scores = await removeOldScores(db, inTransaction, { ...options, ...limits });
  return {
    ...scores,
    lateScoreRuns: await removeLateScores(inTransaction, outcomeWeeks, options),
    reports: reportWeeks === null ? 0 : await removeOldReports(inTransaction, reportWeeks, options),
    notes: noteDays === null ? 0 : await eraseOldNotes(inTransaction, noteDays, options),
    payloads: auditPayloadDays === null ? 0 : await eraseOldPayloads(inTransaction, auditPayloadDays, options),
  };
}
