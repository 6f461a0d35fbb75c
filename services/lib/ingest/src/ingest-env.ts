import { type EnvOf, env } from "@bellwether/env/env";
import { bufferMbOf, DEFAULT_LIMITS, type IngestLimits, MAX_COLUMNS, MAX_LINE_BYTES } from "./ingest-limits.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const bytes = (min: number, max: number) => ({ min, max, unit: "bytes" });

/** Variables with the limits of reading raw data. */
export const INGEST_ENV = {
  maxMemoryBytes: env.integer("INGEST_MAX_MEMORY_BYTES", bytes(256 * MIB, 1024 * GIB), DEFAULT_LIMITS.maxMemoryBytes),
  maxSpillBytes: env.integer("INGEST_MAX_SPILL_BYTES", bytes(0, 16_384 * GIB), DEFAULT_LIMITS.maxSpillBytes),
  ingestFolder: env.optional(env.path("INGEST_FOLDER")),
  threads: env.integer("INGEST_THREADS", { min: 1, max: 64, unit: "threads" }, DEFAULT_LIMITS.threads),
  maxRows: env.integer("INGEST_MAX_ROWS", { min: 1, max: 1_000_000_000, unit: "rows" }, DEFAULT_LIMITS.maxRows),
  maxColumns: env.integer(
    "INGEST_MAX_COLUMNS",
    { min: 1, max: MAX_COLUMNS, unit: "columns" },
    DEFAULT_LIMITS.maxColumns,
  ),
  maxCellBytes: env.integer("INGEST_MAX_CELL_BYTES", bytes(1, MAX_LINE_BYTES), DEFAULT_LIMITS.maxCellBytes),
  maxFileBytes: env.integer("INGEST_MAX_FILE_BYTES", bytes(1, 16_384 * GIB), DEFAULT_LIMITS.maxFileBytes),
  ingestTimeoutMs: env.durationMs("INGEST_TIMEOUT", "30m", { min: "1s", max: "24h" }),
  statementTimeoutMs: env.durationMs("INGEST_STATEMENT_TIMEOUT", "60s", { min: "1s", max: "24h" }),
};

/**
 * Returns the limits that the variables set.
 * @param folder folder for spilled buffers when INGEST_FOLDER is not set; null: the system's temporary folder
 */
export function ingestLimits(values: EnvOf<typeof INGEST_ENV>, folder: string | null = null): IngestLimits {
  const { ingestFolder, ingestTimeoutMs, statementTimeoutMs, maxMemoryBytes } = values;
  return {
    ...DEFAULT_LIMITS,
    maxMemoryBytes,
    memoryMb: bufferMbOf(maxMemoryBytes),
    maxSpillBytes: values.maxSpillBytes,
    folder: ingestFolder ?? folder,
    threads: values.threads,
    maxRows: values.maxRows,
    maxColumns: values.maxColumns,
    maxCellBytes: values.maxCellBytes,
    maxFileBytes: values.maxFileBytes,
    loadTimeoutMs: ingestTimeoutMs,
    sqlTimeoutMs: statementTimeoutMs,
  };
}
