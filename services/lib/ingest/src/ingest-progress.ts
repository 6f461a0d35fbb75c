/** How far reading and mapping have come. */
export interface IngestProgress {
  /** "reading": a file is read; "mapping": the SQL of the mapping runs; "writing": the result is written. */
  readonly step: "reading" | "mapping" | "writing";
  /** Bytes of the source files, as stored, that were read. */
  readonly bytesRead: number;
  /** Size of all source files, as stored, in bytes. */
  readonly bytesTotal: number;
  /** Rows of the source files that were read. */
  readonly rowsRead: number;
  /** Place in the mapping of the SQL that runs, e.g. `steps[1] (history)`; empty before the mapping. */
  readonly statement: string;
}

export const NO_PROGRESS: IngestProgress = { step: "reading", bytesRead: 0, bytesTotal: 0, rowsRead: 0, statement: "" };
