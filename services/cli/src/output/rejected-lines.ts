import { oneRecord } from "@bellwether/ingest/training/left-out-rows";
import type { TrainingTable } from "@bellwether/ingest/training/training-table";
import { countText } from "@bellwether/reasons/count-text";

/** Number of reasons that are printed. The JSON result has all reasons. */
const SHOWN_REASONS = 10;

/**
 * Returns the lines that report which rows of a data set were rejected or left out, with the reasons, how many ids
 * were changed, and how files were read that are not what their names say. Empty when there are none.
 */
export function rejectedLines({
  rejected,
  cleanedIds,
  olderRows,
  sources,
}: Pick<TrainingTable, "rejected" | "cleanedIds" | "olderRows" | "sources">): string[] {
  const reasons = rejected.reasons.toSorted((a, b) => b.rows - a.rows);
  const lines = reasons.slice(0, SHOWN_REASONS).map(({ source, column, reason, rows }) => {
    const sample = rejected.samples.find(
      (s) => s.source === source && s.column === column && s.reason.startsWith(reason),
    );
    const where = sample?.file ? `${sample.file}, line ${sample.line ?? "unknown"}: ` : "";
    const detail = sample?.reason.slice(reason.length) ?? "";
    const shown = sample ? `, for example ${where}${JSON.stringify(oneRecord(sample.text))}${detail}` : "";
    return `rejected: ${countText(rows, "row")} of ${source}${column === null ? "" : `, column ${column}`}: ${reason}${shown}`;
  });
  if (reasons.length > SHOWN_REASONS)
    lines.push(`rejected: ${reasons.length - SHOWN_REASONS} more reasons (--json has all)`);
  if (cleanedIds.rows > 0)
    lines.push(
      `supplier ids: ${countText(cleanedIds.rows, "row")} had invisible characters or surrounding white space in the id, which were removed; ${cleanedIds.duplicates} of these rows are now duplicates`,
    );
  if (olderRows > 0)
    lines.push(`left out: ${countText(olderRows, "row")} with a newer one of the same supplier (keep: newest by)`);
  for (const { file, notes } of sources) lines.push(...notes.map((note) => `${file}: ${note}`));
  return lines;
}
