import type { Gunzip, Inflate, ZlibOptions } from "node:zlib";
import { ArrivalList } from "./arrival-list.ts";
import { freeBytes } from "./free-bytes.ts";
import { createCollector } from "./young-garbage.ts";

/** The message to decompress is empty. zlib's streams do not treat this as an error. */
class NoBytesError extends Error {
  override readonly name = "NoBytesError" as const;
}

/** The decompressed message is larger than the limit. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError" as const;

  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes after decompression`);
  }
}

/** Returns a semaphore: a fixed number of places. When no place is free, work waits in order of arrival. */
function createPlaces(places: number) {
  const waiting = new ArrivalList<() => void>();
  let taken = 0;
  /** Calls `go` when a place is free. Returns a function that releases the place, or leaves the queue. */
  return (go: () => void): (() => void) => {
    let hasPlace = false;
    const begin = (): void => {
      hasPlace = true;
      taken++;
      if (entry) waiting.remove(entry);
      go();
    };
    const entry = taken < places ? undefined : waiting.add(begin);
    if (!entry) begin();
    return () => {
      if (entry) waiting.remove(entry);
      if (!hasPlace) return;
      hasPlace = false;
      taken--;
      if (taken < places) waiting.first()?.();
    };
  };
}

/**
 * A chunk of this size has its own memory. Smaller chunks share memory that Node pools, which cannot be
 * freed.
 */
const ENGINE_OPTIONS: ZlibOptions = { chunkSize: 64 * 1024 };
/** Bounds the concurrent zlib engines: each holds 40 KiB outside of the heap. */
const takeEngine = createPlaces(8);
/**
 * Messages larger than this are decompressed one at a time: at the same time they would use the most memory,
 * and all would finish late.
 */
const LARGE_BYTES = 64 * 1024;
const takeLarge = createPlaces(1);
/**
 * Runs the garbage collector before a large message is decompressed: otherwise the buffers of earlier
 * messages would add to its memory.
 */
const collect = createCollector(() => performance.now());

export interface InflateOptions {
  readonly maxBytes: number;
  /**
   * Called with the number of bytes decompressed so far, before they are kept. Return false to end the
   * decompression with an AbortError.
   */
  readonly shouldContinue?: (inflatedBytes: number) => boolean;
  /** Ends the decompression, or its wait until other decompressions have ended, with an AbortError. */
  readonly signal?: AbortSignal;
  /**
   * Called when the compressed bytes are certainly no longer read. It is not called when the decompression is
   * aborted while a zlib thread may still read them.
   */
  readonly onUnused?: () => void;
}

/**
 * Decompresses a whole message.
 * @throws TooLargeError, NoBytesError, AbortError, or zlib's error when the bytes do not have the engine's format
 */
export async function inflate(
  createEngine: (options: ZlibOptions) => Gunzip | Inflate,
  bytes: Uint8Array,
  options: InflateOptions,
): Promise<Buffer<ArrayBuffer>> {
  if (bytes.length === 0) throw new NoBytesError("no bytes to decompress");
  const { signal, shouldContinue = () => true, onUnused } = options;
  if (signal?.aborted) throw aborted();
  const release = await enginePlace(options);
  try {
    // The call may have ended during the wait.
    if (signal?.aborted || !shouldContinue(0)) {
      onUnused?.();
      throw aborted();
    }
    return await run(createEngine(ENGINE_OPTIONS), bytes, { ...options, shouldContinue });
  } finally {
    release();
  }
}

const aborted = (): DOMException => new DOMException("the call has ended", "AbortError");

/**
 * Waits until one of the zlib engines is free. When the call ends first, its place in the queue and its bytes
 * are released at once.
 */
function enginePlace({ signal, onUnused }: InflateOptions): Promise<() => void> {
  return new Promise((resolve, reject) => {
    let waits = true;
    const leave = (): void => {
      release();
      onUnused?.();
      reject(aborted());
    };
    const release = takeEngine(() => {
      waits = false;
      signal?.removeEventListener("abort", leave);
      resolve(() => release());
    });
    if (waits) signal?.addEventListener("abort", leave, { once: true });
  });
}

function run(
  engine: Gunzip | Inflate,
  bytes: Uint8Array,
  { maxBytes, shouldContinue, signal, onUnused }: InflateOptions & Required<Pick<InflateOptions, "shouldContinue">>,
): Promise<Buffer<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let release: (() => void) | undefined;
    const end = (error: Error): void => {
      engine.destroy();
      reject(error);
    };
    engine.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        end(new TooLargeError(maxBytes));
        return;
      }
      if (!shouldContinue(size)) {
        end(aborted());
        return;
      }
      chunks.push(chunk);
      if (size <= LARGE_BYTES || release) return;
      engine.pause();
      release = takeLarge(() => {
        collect();
        if (shouldContinue(size)) engine.resume();
        else end(aborted());
      });
    });
    const abort = (): void => end(aborted());
    signal?.addEventListener("abort", abort, { once: true });
    engine.on("end", () => {
      onUnused?.();
      resolve(join(chunks, size));
    });
    engine.on("close", () => {
      signal?.removeEventListener("abort", abort);
      release?.();
      // The chunks are freed only after "close": before it, a zlib thread may still write into them.
      for (const chunk of chunks.splice(0)) freeBytes(chunk);
    });
    engine.on("error", reject);
    engine.end(bytes);
  });
}

/**
 * Joins the chunks. Each chunk is freed as soon as it has been copied, so that chunks and result never exist
 * in full at the same time.
 */
function join(chunks: Buffer[], size: number): Buffer<ArrayBuffer> {
  const joined = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for (const chunk of chunks.splice(0)) {
    joined.set(chunk, at);
    at += chunk.length;
    freeBytes(chunk);
  }
  return joined;
}
