import { countText } from "@bellwether/reasons/count-text";

/** Why rows of a weekly file were rejected, with one sample. */
export interface RejectedReason {
  /** Null: the whole row. */
  readonly column: string | null;
  readonly reason: string;
  readonly rows: number;
  readonly sample: RejectedSample | null;
}

interface RejectedSample {
  readonly file: string;
  readonly line: number | null;
  readonly text: string;
  /** What only this row says, such as the option that would read its value: "" or a text that begins with a semicolon. */
  readonly detail: string;
}

/** Maximum number of reasons that are printed. The JSON result has all reasons. */
const SHOWN_REASONS = 10;

/** Returns a line for each reason, with the first row that it rejected. Empty when no row was rejected. */
export function rejectedReasonLines(reasons: readonly RejectedReason[]): string[] {
  const lines = reasons
    .slice(0, SHOWN_REASONS)
    .map(
      ({ column, reason, rows, sample }) =>
        `rejected: ${countText(rows, "row")}, ${column === null ? "" : `${column}: `}${reason}${firstText(sample)}`,
    );
  const more = reasons.length - SHOWN_REASONS;
  return more > 0 ? [...lines, `rejected: and ${countText(more, "more reason")}`] : lines;
}

function firstText(sample: RejectedSample | null): string {
  if (sample === null) return "";
  const { file, line, text, detail } = sample;
  return `, first: ${file}${line === null ? "" : ` line ${line}`} (${JSON.stringify(text)})${detail}`;
}
