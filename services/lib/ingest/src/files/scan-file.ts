import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { SourceError } from "../ingest-errors.ts";
import type { SourceFile } from "./source-files.ts";

/** Result of one pass over a file's bytes, before a reader parses it. */
export interface FileScan {
  /** SHA-256 of the file as stored (compressed, if it is), lower-case hex. */
  readonly digest: string;
  /** Size of the file in bytes, after decompression. */
  readonly bytes: number;
  /** First bytes of the file after decompression, at most `HEAD_BYTES`. */
  readonly head: Buffer;
}

/** Number of first bytes that are kept: enough for a header of 500 columns. */
export const HEAD_BYTES = 256 * 1024;

/**
 * Yields the decompressed bytes of a file. `onStored` receives the bytes as stored. @throws SourceError when
 * a .gz file is damaged.
 */
export async function readUnpacked(
  source: string,
  file: SourceFile,
  onStored: (chunk: Buffer) => void,
  onUnpacked: (chunk: Buffer) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const stored = createReadStream(file.path, { highWaterMark: 1 << 20 });
  async function* watched(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      onStored(chunk);
      yield chunk;
    }
  }
  async function consume(chunks: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of chunks) await onUnpacked(chunk);
  }
  const options = signal ? { signal } : {};
  try {
    if (file.path.endsWith(".gz"))
      await pipeline(stored, watched, createGunzip({ chunkSize: 1 << 18 }), consume, options);
    else await pipeline(stored, watched, consume, options);
  } catch (error) {
    if (error instanceof Error && "code" in error && String(error.code).startsWith("Z_"))
      throw new SourceError(source, file.name, `it is damaged or incomplete gzip data (${error.message})`);
    throw error;
  }
}

/**
 * Reads a file once and returns its digest, size and first bytes. `onUnpacked` receives its decompressed
 * bytes, chunk by chunk.
 * @throws SourceError when the file is larger than `maxBytes` after decompression, or is damaged gzip; any error of `onUnpacked`.
 */
export async function scanFile(
  source: string,
  file: SourceFile,
  maxBytes: number,
  signal?: AbortSignal,
  onUnpacked: (chunk: Buffer) => void | Promise<void> = () => undefined,
): Promise<FileScan> {
  const hash = createHash("sha256");
  const head: Buffer[] = [];
  let bytes = 0;
  await readUnpacked(
    source,
    file,
    (chunk) => hash.update(chunk),
    (chunk) => {
      if (bytes < HEAD_BYTES) head.push(Buffer.from(chunk.subarray(0, HEAD_BYTES - bytes)));
      bytes += chunk.length;
      if (bytes > maxBytes) throw new SourceError(source, file.name, `it is larger than ${maxBytes} bytes unpacked`);
      return onUnpacked(chunk);
    },
    signal,
  );
  return { digest: hash.digest("hex"), bytes, head: Buffer.concat(head) };
}
