import type { LeftOutRows } from "@bellwether/risk-model/training/left-out";
import type { TrainingTable } from "./training-table.ts";

/** Returns the text of a record without the line breaks around it. */
export const oneRecord = (text: string): string => text.replace(/^[\r\n]+|[\r\n]+$/g, "");

/**
 * Returns rows that reading and mapping left out, for the model card: counts by column and reason, each with
 * a sample, and the rows without a label.
 */
export function leftOutRows({ rejected, unlabelled }: Pick<TrainingTable, "rejected" | "unlabelled">): LeftOutRows[] {
  const reasons = rejected.reasons.map(({ source, column, reason, rows }): LeftOutRows => {
    const sample = rejected.samples.find(
      (of) => of.source === source && of.column === column && of.reason.startsWith(reason),
    );
    const place = sample === undefined || sample.file === "" ? "" : `${sample.file}:${sample.line ?? "?"} `;
    return {
      column: column ?? "",
      reason,
      rows,
      sample: sample === undefined ? "" : `${place}${oneRecord(sample.text)}`,
    };
  });
  const withoutLabel = { column: "", reason: "without a label", rows: unlabelled, sample: "" };
  return [...reasons.sort((a, b) => b.rows - a.rows), ...(unlabelled > 0 ? [withoutLabel] : [])];
}
