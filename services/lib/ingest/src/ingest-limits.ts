import { MAX_CONTRACT_TEXT_BYTES } from "@bellwether/contract/limits";

/** Limits of reading raw data. Those that an operator sets have the variable of `INGEST_ENV` in their comment. */
export interface IngestLimits {
  /**
   * Maximum memory of the reading process, bytes (INGEST_MAX_MEMORY_BYTES). The limit applies only if the input is
   * read in a separate process.
   */
  readonly maxMemoryBytes: number;
  /** Size of DuckDB's own buffers, in MiB, a part of `maxMemoryBytes`. */
  readonly memoryMb: number;
  /**
   * Threads that read files (INGEST_THREADS). Two read a CSV file in nearly the same time as one and cost twice the
   * processor time, because the rows are stored in the order of the file. SQL of a mapping runs on one thread, so that
   * sums are the same on every machine.
   */
  readonly threads: number;
  /** Disk space for buffers that do not fit into memory, in bytes (INGEST_MAX_SPILL_BYTES). */
  readonly maxSpillBytes: number;
  /**
   * Folder for these buffers and for corrected copies of CSV files (INGEST_FOLDER); null: the system's folder for
   * temporary files.
   */
  readonly folder: string | null;
  /** Time limit of one statement of the mapping (INGEST_STATEMENT_TIMEOUT). */
  readonly sqlTimeoutMs: number;
  /** Time limit of reading all files and mapping them (INGEST_TIMEOUT). */
  readonly loadTimeoutMs: number;
  /** Maximum number of rows of each file, step or result (INGEST_MAX_ROWS). */
  readonly maxRows: number;
  /** Maximum number of columns of a file (INGEST_MAX_COLUMNS). */
  readonly maxColumns: number;
  /** Maximum size of one value of a CSV file, in bytes (INGEST_MAX_CELL_BYTES). */
  readonly maxCellBytes: number;
  /** Maximum number of files that one source may match. */
  readonly maxFiles: number;
  /** Maximum size of one file after decompression, in bytes (INGEST_MAX_FILE_BYTES). */
  readonly maxFileBytes: number;
  /** Share of a source's lines that may be rejected before reading it fails. */
  readonly maxRejectedShare: number;
  /** Maximum number of rejected rows that are shown as samples, per source. */
  readonly maxSamples: number;
}

/** Length of a record of a CSV file up to which it is read, in bytes: a contract text of 1 MiB with every quote doubled. */
export const MAX_LINE_BYTES = 2 * MAX_CONTRACT_TEXT_BYTES;

/** Files with more columns are never read, because the reading SQL names every column. */
export const MAX_COLUMNS = 2000;

const MIB = 2 ** 20;

/**
 * Returns the size of DuckDB's own buffers, in MiB, for a process of `maxMemoryBytes`: the rest is for the runtime, for
 * texts that DuckDB does not count, and for its readers and writers.
 */
export const bufferMbOf = (maxMemoryBytes: number): number => Math.max(64, Math.floor(maxMemoryBytes / 4 / MIB));

const DEFAULT_MEMORY_BYTES = 1024 * MIB;

/** They fit the manifests of deploy/. The time limits detect hanging, they are not targets. */
export const DEFAULT_LIMITS: IngestLimits = {
  maxMemoryBytes: DEFAULT_MEMORY_BYTES,
  memoryMb: bufferMbOf(DEFAULT_MEMORY_BYTES),
  threads: 1,
  maxSpillBytes: 4096 * MIB,
  folder: null,
  sqlTimeoutMs: 60_000,
  loadTimeoutMs: 1_800_000,
  maxRows: 10_000_000,
  maxColumns: MAX_COLUMNS,
  maxCellBytes: MAX_LINE_BYTES,
  maxFiles: 1000,
  maxFileBytes: 8192 * MIB,
  maxRejectedShare: 0.5,
  maxSamples: 20,
};

/**
 * Length of a line, in bytes, at which reading a CSV file ends. A line between MAX_LINE_BYTES and this length is a
 * rejected row; a longer one shows that the file is no CSV file, and its rest is not even decompressed.
 */
export const STOP_LINE_BYTES = 64 * MIB;
