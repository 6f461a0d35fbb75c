import type { Gunzip, Inflate, ZlibOptions } from "node:zlib";
import { freeBytes } from "./free-bytes.ts";
import { createCollector } from "./young-garbage.ts";

/** What zlib's streams do not call an error. */
class NoBytesError extends Error {
  override readonly name = "NoBytesError" as const;
}

/** The inflated bytes are more than the limit. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError" as const;

  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes when inflated`);
  }
}

/** Places for work of one kind; who finds none free waits, first come first. */
function createPlaces(places: number) {
  const waiting = new Set<() => void>();
  let taken = 0;
  /** Calls `go` when a place is free; returns what gives the place, or the place in the queue, back. */
  return (go: () => void): (() => void) => {
    let hasPlace = false;
    const begin = (): void => {
      hasPlace = true;
      taken++;
      go();
    };
    if (taken < places) begin();
    else waiting.add(begin);
    return () => {
      waiting.delete(begin);
      if (!hasPlace) return;
      hasPlace = false;
      taken--;
      const [next] = waiting;
      if (!next || taken >= places) return;
      waiting.delete(next);
      next();
    };
  };
}

/** Chunks of this size have a memory of their own; smaller ones are parts of one that Node shares out, and cannot be freed. */
const ENGINE_OPTIONS: ZlibOptions = { chunkSize: 64 * 1024 };
/** Every engine of zlib holds 40 KiB outside of the heap. */
const takeEngine = createPlaces(8);
/** More than this inflates in turn: many that grow at once would hold the most memory and finish last, so one grows. */
const LARGE_BYTES = 64 * 1024;
const takeLarge = createPlaces(1);
/** What was inflated before is garbage by now, or soon: the next large message would stand beside it. */
const collect = createCollector(() => performance.now());

export interface InflateOptions {
  readonly maxBytes: number;
  /** Called with the bytes inflated so far, before they are kept: false ends it with an AbortError. */
  readonly goesOn?: (inflatedBytes: number) => boolean;
  /** Ends it, or its wait for its turn, with an AbortError. */
  readonly signal?: AbortSignal;
  /** Called when the compressed bytes are surely not read any more. Not called when it ends while a thread may still read them. */
  readonly onUnused?: () => void;
}

/** Inflates a whole message. @throws TooLargeError, NoBytesError, AbortError, or zlib's error when the bytes are not what the engine reads */
export async function inflate(
  createEngine: (options: ZlibOptions) => Gunzip | Inflate,
  bytes: Uint8Array,
  options: InflateOptions,
): Promise<Buffer<ArrayBuffer>> {
  if (bytes.length === 0) throw new NoBytesError("no bytes to inflate");
  const { signal, goesOn = () => true, onUnused } = options;
  if (signal?.aborted) throw aborted();
  const giveBack = await enginePlace(options);
  try {
    // Its call may have ended meanwhile.
    if (signal?.aborted || !goesOn(0)) {
      onUnused?.();
      throw aborted();
    }
    return await run(createEngine(ENGINE_OPTIONS), bytes, { ...options, goesOn });
  } finally {
    giveBack();
  }
}

const aborted = (): DOMException => new DOMException("the call has ended", "AbortError");

/** Waits for a place; an ended call gives its place in the queue, and its bytes, back at once. */
function enginePlace({ signal, onUnused }: InflateOptions): Promise<() => void> {
  return new Promise((resolve, reject) => {
    let waits = true;
    const leave = (): void => {
      giveBack();
      onUnused?.();
      reject(aborted());
    };
    const giveBack = takeEngine(() => {
      waits = false;
      signal?.removeEventListener("abort", leave);
      resolve(() => giveBack());
    });
    if (waits) signal?.addEventListener("abort", leave, { once: true });
  });
}

function run(
  engine: Gunzip | Inflate,
  bytes: Uint8Array,
  { maxBytes, goesOn, signal, onUnused }: InflateOptions & Required<Pick<InflateOptions, "goesOn">>,
): Promise<Buffer<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let giveBack: (() => void) | undefined;
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
      if (!goesOn(size)) {
        end(aborted());
        return;
      }
      chunks.push(chunk);
      if (size <= LARGE_BYTES || giveBack) return;
      engine.pause();
      giveBack = takeLarge(() => {
        collect();
        if (goesOn(size)) engine.resume();
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
      giveBack?.();
      // Only now does no thread write into them any more.
      for (const chunk of chunks.splice(0)) freeBytes(chunk);
    });
    engine.on("error", reject);
    engine.end(bytes);
  });
}

/** The chunks as one; each is freed when it has been copied, so that both forms never stand beside each other. */
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
