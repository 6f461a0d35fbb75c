import type { RejectedRows, RejectedSample } from "@bellwether/ingest/rejected-rows";
import { countText } from "@bellwether/reasons/count-text";

/** A reason for which rows were rejected, with one of these rows as a sample. */
export interface RejectedReasonSample {
  /** Column of the invalid value. Null when the whole row was invalid. */
  readonly column: string | null;
  readonly reason: string;
  readonly rows: number;
  /**
   * One of the rejected rows; `detail`: what only this row says, such as the option that would read its value. Null
   * when no sample was stored.
   */
  readonly sample: (Pick<RejectedSample, "file" | "line" | "text"> & { readonly detail: string }) | null;
}

/** Maximum number of reasons that a text lists. */
const SHOWN_REASONS = 3;
/** Maximum number of characters of a value in a text. */
const SHOWN_TEXT = 60;
/** Maximum number of characters of the detail of a row in a text, without the way out at its end. */
const SHOWN_DETAIL = 200;
/** Maximum number of characters of the way out in a text. */
const SHOWN_WAY = 200;
/** Maximum number of characters of a column or file name in a text. */
const SHOWN_NAME = 60;

/** Returns the part of a reason before its semicolon. The part after it describes a single record. */
const general = (reason: string): string => reason.split(";", 1)[0] ?? "";

/** Reasons for which reading and mapping rejected rows, most rows first, each with the first stored sample. */
export function rejectedReasons({ reasons, samples }: RejectedRows): RejectedReasonSample[] {
  return reasons
    .toSorted((a, b) => b.rows - a.rows)
    .map(({ source, column, reason, rows }) => {
      const isOfReason = (one: RejectedSample): boolean =>
        one.source === source && one.column === column && general(one.reason) === general(reason);
      const { file, line, text, reason: ofRow = "" } = samples.find(isOfReason) ?? {};
      const detail = ofRow.slice(general(ofRow).length);
      return {
        ...{ column, reason: general(reason), rows },
        sample: file === undefined || line === undefined || text === undefined ? null : { file, line, text, detail },
      };
    });
}

/**
 * Describes the first reasons in one clause.
 * @param withValues whether to quote values of rows; must be false for logs
 */
export function describeReasons(reasons: readonly RejectedReasonSample[], withValues: boolean): string {
  const shown = reasons.slice(0, SHOWN_REASONS).map(({ column, reason, rows, sample }) => {
    const where = sample && sample.line !== null ? `line ${sample.line} of ${sample.file.slice(0, SHOWN_NAME)}` : "";
    const value = sample && withValues ? JSON.stringify(sample.text.slice(0, SHOWN_TEXT)) : "";
    const detail = sample && withValues ? shortDetail(sample.detail) : "";
    const first = where || value ? ` (for example ${[where, value].filter(Boolean).join(": ")}${detail})` : "";
    return `${countText(rows, "row")}, ${column === null ? "" : `${column.slice(0, SHOWN_NAME)}: `}${reason}${first}`;
  });
  const more = reasons.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${countText(more, "more reason")}` : "");
}

/** Cuts a detail before its last clause, which says what to do. */
function shortDetail(detail: string): string {
  if (detail.length <= SHOWN_DETAIL) return detail;
  const at = detail.lastIndexOf("; ");
  const way = detail.slice(at, at + SHOWN_WAY);
  return at <= SHOWN_DETAIL ? `${detail.slice(0, at)}${way}` : `${detail.slice(0, SHOWN_DETAIL)}…${way}`;
}
