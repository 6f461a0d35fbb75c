import { MAX_CONTRACT_TEXT_BYTES } from "@bellwether/contract/limits";

/** Limits of reading raw data. */
export interface IngestLimits {
  /** Size of DuckDB's own buffers, in MiB; the process needs up to 400 MiB more. */
  readonly memoryMb: number;
  /**
   * Threads that read files. SQL of a mapping runs on one thread, so that sums are the same on every machine.
   */
  readonly threads: number;
  /** Disk space for buffers that do not fit into memory, in MiB. */
  readonly tempMb: number;
  /** Time limit of one statement of the mapping. */
  readonly sqlTimeoutMs: number;
  /** Time limit of reading one file. */
  readonly loadTimeoutMs: number;
  /** Maximum number of rows of each source, step or result. */
  readonly maxRows: number;
  /** Maximum number of files that one source may match. */
  readonly maxFiles: number;
  /** Maximum size of one file after decompression, in bytes. */
  readonly maxFileBytes: number;
  /** Share of a source's lines that may be rejected before reading it fails. */
  readonly maxRejectedShare: number;
  /** Maximum number of rejected rows that are shown as samples, per source. */
  readonly maxSamples: number;
}

/**
 * With these limits a million suppliers (390 MB of CSV) take 0.8 GB of memory and a few seconds. The time
 * limits detect hanging, they are not targets.
 */
export const DEFAULT_LIMITS: IngestLimits = {
  memoryMb: 384,
  threads: 2,
  tempMb: 16_384,
  sqlTimeoutMs: 60_000,
  loadTimeoutMs: 600_000,
  maxRows: 10_000_000,
  maxFiles: 1000,
  maxFileBytes: 16 * 2 ** 30,
  maxRejectedShare: 0.5,
  maxSamples: 20,
};

/**
 * Length of a line, in bytes, at which reading a CSV file ends. A line between MAX_LINE_BYTES and this length is a
 * rejected row; a longer one shows that the file is no CSV file, and its rest is not even decompressed.
 */
export const STOP_LINE_BYTES = 64 * 2 ** 20;

/** Maximum length of a line of a CSV file, in bytes: a contract text of 1 MiB with every quote doubled. */
export const MAX_LINE_BYTES = 2 * MAX_CONTRACT_TEXT_BYTES;
