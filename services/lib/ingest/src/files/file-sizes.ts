import { stat } from "node:fs/promises";
import type { SourceMapping } from "@bellwether/config/source-mapping";
import { SourceError } from "../ingest-errors.ts";
import type { IngestLimits } from "../ingest-limits.ts";
import type { SourceFiles } from "./source-files.ts";

/**
 * Checks the size of every file before the first one is read; returns their total size as stored, in bytes.
 * @throws SourceError when a file is larger than `maxFileBytes`
 */
export async function checkFileSizes(
  inputs: readonly (readonly [SourceMapping, Pick<SourceFiles, "files">])[],
  { maxFileBytes }: Pick<IngestLimits, "maxFileBytes">,
): Promise<number> {
  let total = 0;
  for (const [source, { files }] of inputs)
    for (const file of files) {
      const { size } = await stat(file.path);
      if (size > maxFileBytes) throw tooLarge(source.name, file.name, maxFileBytes);
      total += size;
    }
  return total;
}

/** Returns the error of a file that is larger than `maxFileBytes`, as stored or after decompression. */
export const tooLarge = (source: string, file: string, maxFileBytes: number): SourceError =>
  new SourceError(
    source,
    file,
    `it is larger than the ${maxFileBytes} bytes of INGEST_MAX_FILE_BYTES; set a higher limit, or split the file`,
  );
