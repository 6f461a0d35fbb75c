import { IngestLimitError } from "../ingest-errors.ts";
import type { IngestLimits } from "../ingest-limits.ts";

/**
 * Returns the error of a statement whose buffers exceed the limits of memory or disk space; null for other errors of
 * DuckDB.
 */
export function bufferErrorOf(
  error: unknown,
  { maxMemoryBytes, maxSpillBytes }: Pick<IngestLimits, "maxMemoryBytes" | "maxSpillBytes">,
): IngestLimitError | null {
  const text = error instanceof Error ? error.message : "";
  if (!text.startsWith("Out of Memory Error")) return null;
  const instead = "set a higher limit, or aggregate earlier in the mapping's SQL";
  return /max_temp_directory_size|temp_directory_size/.test(text)
    ? new IngestLimitError(
        "INGEST_MAX_SPILL_BYTES",
        `it needs more memory and disk space than the ${maxSpillBytes} bytes of INGEST_MAX_SPILL_BYTES for buffers on disk; ${instead}`,
      )
    : new IngestLimitError(
        "INGEST_MAX_MEMORY_BYTES",
        `it needs more memory than its part of the ${maxMemoryBytes} bytes of INGEST_MAX_MEMORY_BYTES; ${instead}`,
      );
}
