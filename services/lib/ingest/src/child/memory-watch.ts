import { IngestLimitError } from "../ingest-errors.ts";

/** Interval at which the memory is measured, ms. */
const LOOK_MS = 25;
const MIB = 2 ** 20;

/**
 * Calls `onExceeded` once when the resident memory of this process is above `maxBytes`. The limit is held to within
 * what is allocated between two looks; DuckDB's own buffers are limited exactly.
 */
export function memoryWatch(
  maxBytes: number,
  onExceeded: (error: IngestLimitError) => void,
  residentBytes: () => number = process.memoryUsage.rss,
): Disposable {
  const look = setInterval(() => {
    const bytes = residentBytes();
    if (bytes <= maxBytes) return;
    clearInterval(look);
    onExceeded(memoryError(maxBytes, bytes));
  }, LOOK_MS);
  return { [Symbol.dispose]: () => clearInterval(look) };
}

function memoryError(maxBytes: number, bytes: number): IngestLimitError {
  return new IngestLimitError(
    "INGEST_MAX_MEMORY_BYTES",
    `reading needs ${Math.ceil(bytes / MIB)} MiB of memory, more than the ${Math.floor(maxBytes / MIB)} MiB (${maxBytes} bytes) of INGEST_MAX_MEMORY_BYTES; set a higher limit, or aggregate earlier in the mapping's SQL`,
  );
}
