import { countText } from "@bellwether/reasons/count-text";
import { hasUnknownOutcome } from "./unknown-outcome.ts";

/** Rows of a file that is sent in several calls, when one of the calls failed. */
export interface ImportedRows {
  /** Results of the calls before, for example "created"; those that are 0 are not shown. */
  readonly results: Readonly<Record<string, number>>;
  /** Number of rows of the call that failed. */
  readonly called: number;
  /** Number of rows after those of the call that failed. */
  readonly unsent: number;
}

/** An import was interrupted: some rows may be stored. Says how many, and how it is continued. */
export class InterruptedImportError extends Error {
  override readonly name = "InterruptedImportError" as const;
  /** For --json. */
  readonly details: object;

  constructor(cause: Error, { results, called, unsent }: ImportedRows) {
    const unknown = hasUnknownOutcome(cause) ? called : 0;
    const notStored = unsent + called - unknown;
    const before = Object.entries(results).filter(([, count]) => count > 0);
    const counts = [
      ...(before.length === 0 ? ["no row is known to be stored"] : []),
      ...before.map(([result, count]) => `${countText(count, "row")} ${result}`),
      ...(unknown > 0 ? [`${countText(unknown, "row")} unknown (stored, or not)`] : []),
      ...(notStored > 0 ? [`${countText(notStored, "row")} not ${unknown > 0 ? "sent" : "stored"}`] : []),
    ];
    super(
      `${cause.message}\n${counts.join(", ")}. Give the same command again to continue: stored rows are then unchanged.`,
      { cause },
    );
    this.details = { results, unknown, not_stored: notStored };
  }
}

/**
 * Awaits a call of an import.
 * @param rows returns what was sent before, and what was not sent; undefined: the call stores nothing
 * @throws InterruptedImportError when rows may be stored, and the error of the call otherwise
 */
export async function orInterrupted<T>(call: Promise<T>, rows: () => ImportedRows | undefined): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const sent = rows();
    if (!(error instanceof Error) || sent === undefined) throw error;
    const isFirst = Object.values(sent.results).every((count) => count === 0);
    throw isFirst && !hasUnknownOutcome(error) ? error : new InterruptedImportError(error, sent);
  }
}
