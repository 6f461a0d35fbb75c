import type { RejectedRows, RejectedSample } from "@bellwether/ingest/rejected-rows";

/** One reason for which rows were rejected, with one of these rows. */
export interface RejectedReasonSample {
  /** Null: the whole row. */
  readonly column: string | null;
  readonly reason: string;
  readonly rows: number;
  /** Null: none was kept. */
  readonly sample: Pick<RejectedSample, "file" | "line" | "text"> | null;
}

/** Reasons that a text names. */
const SHOWN_REASONS = 3;
/** Characters of a value that a text shows. */
const SHOWN_TEXT = 60;
/** Characters of a column's or a file's name that a text shows. */
const SHOWN_NAME = 60;

/** What follows a reason's semicolon is of one record. */
const general = (reason: string): string => reason.split(";", 1)[0] ?? "";

/** Why rows were rejected when reading and mapping, most rows first, each with the first row that was kept as a sample. */
export function rejectedReasons({ reasons, samples }: RejectedRows): RejectedReasonSample[] {
  return reasons
    .toSorted((a, b) => b.rows - a.rows)
    .map(({ source, column, reason, rows }) => {
      const isOfReason = (one: RejectedSample): boolean =>
        one.source === source && one.column === column && general(one.reason) === general(reason);
      const { file, line, text } = samples.find(isOfReason) ?? {};
      return {
        ...{ column, reason: general(reason), rows },
        sample: file === undefined || line === undefined || text === undefined ? null : { file, line, text },
      };
    });
}

/** The first reasons as one clause. @param withValues shows values of the rows, which no log may have */
export function describeReasons(reasons: readonly RejectedReasonSample[], withValues: boolean): string {
  const shown = reasons.slice(0, SHOWN_REASONS).map(({ column, reason, rows, sample }) => {
    const where = sample && sample.line !== null ? `line ${sample.line} of ${sample.file.slice(0, SHOWN_NAME)}` : "";
    const value = sample && withValues ? JSON.stringify(sample.text.slice(0, SHOWN_TEXT)) : "";
    const first = where || value ? ` (for example ${[where, value].filter(Boolean).join(": ")})` : "";
    return `${rows} rows, ${column === null ? "" : `${column.slice(0, SHOWN_NAME)}: `}${reason}${first}`;
  });
  const more = reasons.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more reasons` : "");
}
