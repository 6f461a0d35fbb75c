import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { SourceError } from "../ingest-errors.ts";
import { type Compression, compressionOf } from "./file-kind.ts";
import { tooLarge } from "./file-sizes.ts";
import type { SourceFile } from "./source-files.ts";
import { splitZstdFrames, ZstdFrameError } from "./zstd-frames.ts";

/** The name of a file in errors, and its path. */
type StoredFile = Pick<SourceFile, "name" | "path">;

/** Result of one pass over a file's bytes, before a reader parses it. */
export interface FileScan {
  /** SHA-256 of the file as stored (compressed, if it is), lower-case hex. */
  readonly digest: string;
  /** Size of the file in bytes, after decompression. */
  readonly bytes: number;
  /** First bytes of the file after decompression, at most `HEAD_BYTES`. */
  readonly head: Buffer;
  readonly compression: Compression;
}

/** Number of first bytes that are kept: enough for a header of 2,000 columns. */
export const HEAD_BYTES = 256 * 1024;

/**
 * Reads the bytes of a file, decompressed when its first bytes are those of gzip or zstandard, and returns the
 * compression. `onStored` receives the bytes as stored. @throws SourceError when compressed data is damaged.
 */
export async function readUnpacked(
  source: string,
  file: StoredFile,
  onStored: (chunk: Buffer) => void,
  onUnpacked: (chunk: Buffer) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<Compression> {
  const compression = await compressionOf(file.path);
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
    if (compression === "none") await pipeline(stored, watched, consume, options);
    else if (compression === "gzip")
      await pipeline(stored, watched, createGunzip({ chunkSize: UNPACKED_CHUNK }), consume, options);
    else
      await pipeline(
        stored,
        watched,
        splitZstdFrames,
        createZstdDecompress({ chunkSize: UNPACKED_CHUNK }),
        consume,
        options,
      );
  } catch (error) {
    if (isDamaged(error))
      throw new SourceError(
        source,
        file.name,
        `it is damaged or incomplete ${NAME[compression]} (${error.message}); copy or export it again`,
      );
    throw error;
  }
  return compression;
}

const NAME = { none: "data", gzip: "gzip data", zstd: "zstandard data" } as const;

const UNPACKED_CHUNK = 1 << 18;

/** Whether an error is one of decompression. */
function isDamaged(error: unknown): error is Error {
  if (error instanceof ZstdFrameError) return true;
  return error instanceof Error && "code" in error && /^(?:Z_|ZSTD_)/.test(String(error.code));
}

/** Called with each part of a file, in order. */
export interface ScanListeners {
  /** The bytes as stored. */
  readonly onStored?: (chunk: Buffer) => void;
  /** The bytes after decompression. */
  readonly onUnpacked?: (chunk: Buffer) => void | Promise<void>;
}

/**
 * Reads a file once and returns its digest, size and first bytes. `onUnpacked` receives its decompressed
 * bytes, chunk by chunk.
 * @throws SourceError when the file is larger than `maxBytes` after decompression, or is damaged gzip; any error of `onUnpacked`.
 */
export async function scanFile(
  source: string,
  file: StoredFile,
  maxBytes: number,
  signal?: AbortSignal,
  { onStored = () => undefined, onUnpacked = () => undefined }: ScanListeners = {},
): Promise<FileScan> {
  const hash = createHash("sha256");
  const head: Buffer[] = [];
  let bytes = 0;
  const compression = await readUnpacked(
    source,
    file,
    (chunk) => {
      hash.update(chunk);
      onStored(chunk);
    },
    (chunk) => {
      if (bytes < HEAD_BYTES) head.push(Buffer.from(chunk.subarray(0, HEAD_BYTES - bytes)));
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(source, file.name, maxBytes);
      return onUnpacked(chunk);
    },
    signal,
  );
  return { digest: hash.digest("hex"), bytes, head: Buffer.concat(head), compression };
}
