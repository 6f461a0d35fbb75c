import { MAX_CONTRACT_TEXT_BYTES } from "@bellwether/contract/limits";

/** What reading raw data may cost. */
export interface IngestLimits {
  /** DuckDB's own buffers, in MiB; the process needs up to 400 MiB more. */
  readonly memoryMb: number;
  /** Threads that read files. SQL of a mapping runs on one thread, so that sums come out the same on any machine. */
  readonly threads: number;
  /** Space for buffers that do not fit into memory, in MiB. */
  readonly tempMb: number;
  /** Longest run of one statement of the mapping. */
  readonly sqlTimeoutMs: number;
  /** Longest reading of one file. */
  readonly loadTimeoutMs: number;
  /** Rows of any one source, step or result. */
  readonly maxRows: number;
  /** Files that one source may match. */
  readonly maxFiles: number;
  /** Unpacked size of one file, in bytes. */
  readonly maxFileBytes: number;
  /** Share of a source's lines that may be set aside before reading it counts as failed. */
  readonly maxRejectedShare: number;
  /** Rejected rows that are shown, per source. */
  readonly maxSamples: number;
}

/** A million suppliers of 390 MB of CSV take 0.8 GB of memory and seconds with these; the times are alarms, not goals. */
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

/** Longest line of a CSV file, in bytes: a contract text of 1 MiB with every quote doubled. */
export const MAX_LINE_BYTES = 2 * MAX_CONTRACT_TEXT_BYTES;
