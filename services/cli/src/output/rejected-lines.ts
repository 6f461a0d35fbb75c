import type { TrainingTable } from "@bellwether/ingest/training/training-table";
import type { LeftOutRows } from "@bellwether/risk-model/training/left-out";

/** Reasons that are listed; the JSON result has all of them. */
const SHOWN_REASONS = 10;

/** Lines that say which rows of a data set were rejected and why, and which ids were changed; none: all is as it was. */
export function rejectedLines({ rejected, cleanedIds }: Pick<TrainingTable, "rejected" | "cleanedIds">): string[] {
  const reasons = rejected.reasons.toSorted((a, b) => b.rows - a.rows);
  const lines = reasons.slice(0, SHOWN_REASONS).map(({ source, column, reason, rows }) => {
    const sample = rejected.samples.find(
      (s) => s.source === source && s.column === column && s.reason.startsWith(reason),
    );
    const where = sample?.file ? `${sample.file}, line ${sample.line ?? "unknown"}: ` : "";
    const shown = sample ? `, for example ${where}${JSON.stringify(sample.text)}` : "";
    return `rejected: ${rows} rows of ${source}${column === null ? "" : `, column ${column}`}: ${reason}${shown}`;
  });
  if (reasons.length > SHOWN_REASONS)
    lines.push(`rejected: ${reasons.length - SHOWN_REASONS} more reasons (--json has all)`);
  if (cleanedIds.rows > 0)
    lines.push(
      `supplier ids: ${cleanedIds.rows} rows lost characters that cannot be seen or white space around the id; ${cleanedIds.duplicates} of the rows are duplicates since`,
    );
  return lines;
}

/** Rows that reading and mapping left out, for the model card: by column and reason with a sample, and those without a label. */
export function leftOutRows({ rejected, unlabelled }: Pick<TrainingTable, "rejected" | "unlabelled">): LeftOutRows[] {
  const reasons = rejected.reasons.map(({ source, column, reason, rows }): LeftOutRows => {
    const sample = rejected.samples.find(
      (of) => of.source === source && of.column === column && of.reason.startsWith(reason),
    );
    const place = sample === undefined || sample.file === "" ? "" : `${sample.file}:${sample.line ?? "?"} `;
    return { column: column ?? "", reason, rows, sample: sample === undefined ? "" : `${place}${sample.text}` };
  });
  const withoutLabel = { column: "", reason: "without a label", rows: unlabelled, sample: "" };
  return [...reasons.sort((a, b) => b.rows - a.rows), ...(unlabelled > 0 ? [withoutLabel] : [])];
}
