import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { SourceError } from "./ingest-errors.ts";
import type { SourceFile } from "./source-files.ts";

/** What one pass over a file's bytes tells, before any reader takes it apart. */
export interface FileScan {
  /** SHA-256 of the file as stored (packed, when it is), lower-case hex. */
  readonly digest: string;
  /** Unpacked size in bytes. */
  readonly bytes: number;
  /** Unpacked start of the file, at most `HEAD_BYTES`. */
  readonly head: Buffer;
  /** Physical lines that are not blank, the header included. */
  readonly lines: number;
  /** "mixed": both LF and CRLF; "cr": CR and no LF at all. DuckDB stumbles over both. */
  readonly lineEnds: "lf" | "crlf" | "mixed" | "cr";
}

/** Enough for a header of 500 columns. */
export const HEAD_BYTES = 256 * 1024;

const LF = 0x0a;
const CR = 0x0d;

/** Unpacked bytes of a file; `onStored` sees the bytes as stored. @throws SourceError when a .gz file is damaged. */
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
      throw new SourceError(source, file.name, `it is not whole gzip data (${error.message})`);
    throw error;
  }
}

/** Counts the physical lines of a file that are not blank, whatever stands in them. */
class LineCounter {
  lines = 0;
  lf = 0;
  crlf = 0;
  cr = 0;
  #lineBytes = 0;
  #lastByte = 0;

  add(chunk: Buffer): void {
    if (this.lf === 0) for (let i = chunk.indexOf(CR); i >= 0; i = chunk.indexOf(CR, i + 1)) this.cr++;
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      const before = end > 0 ? chunk[end - 1] : this.#lastByte;
      const isCrlf = before === CR;
      this.lf++;
      if (isCrlf) this.crlf++;
      if (this.#lineBytes + (end - start) > (isCrlf ? 1 : 0)) this.lines++;
      this.#lineBytes = 0;
      start = end + 1;
    }
    this.#lineBytes += chunk.length - start;
    this.#lastByte = chunk[chunk.length - 1] ?? this.#lastByte;
  }

  end(): void {
    if (this.#lineBytes > 0) this.lines++;
  }

  lineEnds(): FileScan["lineEnds"] {
    if (this.lf === 0) return this.cr > 0 ? "cr" : "lf";
    if (this.crlf === 0) return "lf";
    return this.crlf === this.lf ? "crlf" : "mixed";
  }
}

/**
 * Reads a file once: digest, size, lines and its start.
 * @throws SourceError when it is larger than `maxBytes` unpacked, or damaged gzip.
 */
export async function scanFile(
  source: string,
  file: SourceFile,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<FileScan> {
  const hash = createHash("sha256");
  const counter = new LineCounter();
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
      counter.add(chunk);
    },
    signal,
  );
  counter.end();
  return {
    digest: hash.digest("hex"),
    bytes,
    head: Buffer.concat(head),
    lines: counter.lines,
    lineEnds: counter.lineEnds(),
  };
}

/**
 * Copies a file unpacked to `target` with LF at the end of each line, and returns its lines that are not blank.
 * `lineEnds` is what `scanFile` found: a CR without LF ends a line only in a file that has no LF at all.
 */
export async function copyWithLf(
  source: string,
  file: SourceFile,
  lineEnds: "mixed" | "cr",
  target: string,
  signal?: AbortSignal,
): Promise<{ readonly lines: number }> {
  await using out = await open(target, "wx", 0o600);
  const counter = new LineCounter();
  const lineEnd = lineEnds === "cr" ? "\r" : "\r\n";
  let held = "";
  // Latin-1 keeps every byte as it is, so that line ends can be replaced without decoding UTF-8.
  const write = async (text: string): Promise<void> => {
    const bytes = Buffer.from(text.replaceAll(lineEnd, "\n"), "latin1");
    counter.add(bytes);
    await out.write(bytes);
  };
  await readUnpacked(
    source,
    file,
    () => undefined,
    (chunk) => {
      const text = held + chunk.toString("latin1");
      held = text.endsWith("\r") ? "\r" : "";
      return write(text.slice(0, text.length - held.length));
    },
    signal,
  );
  await write(held);
  counter.end();
  return { lines: counter.lines };
}
