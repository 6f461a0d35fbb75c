import type { SourceMapping } from "@bellwether/config/source-mapping";
import { type FileScan, readUnpacked, scanFile } from "../files/scan-file.ts";
import type { SourceFile } from "../files/source-files.ts";
import { SourceError } from "../ingest-errors.ts";
import { createLeadingLines, type LeadingLines } from "./leading-lines.ts";
import { createDecoder, type Decoder } from "./text-encoding.ts";

/**
 * Called with each part of a file, in order, after the part was converted to UTF-8, without the lines before the
 * column names.
 * @param skippedLines number of those lines
 */
export type OnUtf8 = (bytes: Buffer, skippedLines: number) => void | Promise<void>;

/**
 * The encoding of a file is detected from at least this number of its first bytes, or from the whole of a
 * smaller file.
 */
const MIN_HEAD = 4096;

/**
 * Creates a converter that receives the chunks of a CSV file and passes them to `onUtf8` as UTF-8, without the
 * leading lines. Call `end` after the last chunk.
 */
function decoding(source: SourceMapping, file: SourceFile, onUtf8: OnUtf8) {
  const reject = (problem: string): never => {
    throw new SourceError(source.name, file.name, problem);
  };
  const leading = createLeadingLines(source.skipLines ?? 0, source.delimiter, reject);
  const pass = (bytes: Buffer): void | Promise<void> => {
    const kept = leading.skip(bytes);
    if (kept.length > 0) return onUtf8(kept, leading.lines);
  };
  let decoder: Decoder | null = null;
  let head: Buffer = Buffer.alloc(0);
  const start = (): Decoder => {
    decoder = createDecoder(source.encoding ?? "utf-8", head, reject);
    return decoder;
  };
  return {
    add(chunk: Buffer): void | Promise<void> {
      if (decoder !== null) return pass(decoder.decode(chunk));
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      if (head.length >= MIN_HEAD) return pass(start().decode(head));
    },
    async end(): Promise<void> {
      if (decoder === null) await pass(start().decode(head));
      await pass((decoder ?? start()).end());
      await onUtf8(leading.end(), leading.lines);
    },
    leading,
  };
}

/**
 * Reads a CSV file as UTF-8. @throws SourceError when the file has bytes that its configured encoding does
 * not allow, or is damaged gzip.
 */
export async function readUtf8(
  source: SourceMapping,
  file: SourceFile,
  onUtf8: (bytes: Buffer) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const decoded = decoding(source, file, onUtf8);
  await readUnpacked(
    source.name,
    file,
    () => undefined,
    (chunk) => decoded.add(chunk),
    signal,
  );
  await decoded.end();
}

/**
 * Like `readUtf8`, and also returns the result of the scan of the stored file. @throws SourceError as
 * `readUtf8`, and when the file is larger than `maxBytes`.
 */
export async function scanUtf8(
  source: SourceMapping,
  file: SourceFile,
  onUtf8: OnUtf8,
  maxBytes: number,
  signal?: AbortSignal,
  onStored?: (chunk: Buffer) => void,
): Promise<FileScan & { readonly leading: Pick<LeadingLines, "lines" | "text" | "isSeparator"> }> {
  const decoded = decoding(source, file, onUtf8);
  const listeners = { ...(onStored && { onStored }), onUnpacked: (chunk: Buffer) => decoded.add(chunk) };
  const scan = await scanFile(source.name, file, maxBytes, signal, listeners);
  await decoded.end();
  return { ...scan, leading: decoded.leading };
}
