import type { Gunzip, Inflate, ZlibOptions } from "node:zlib";
import { freeBytes } from "./free-bytes.ts";
import { createYoungCollector } from "./young-garbage.ts";

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
const collectYoung = createYoungCollector(() => performance.now());

/**
 * Inflates a whole message of at most `maxBytes`. `goesOn` is called with the bytes inflated so far, before they are
 * kept: false ends it with an AbortError. @throws TooLargeError, NoBytesError, or zlib's error when the bytes are not what the engine reads
 */
export function inflate(
  createEngine: (options: ZlibOptions) => Gunzip | Inflate,
  bytes: Uint8Array,
  maxBytes: number,
  goesOn: (inflatedBytes: number) => boolean,
): Promise<Buffer<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    if (bytes.length === 0) throw new NoBytesError("no bytes to inflate");
    const giveBack = takeEngine(() => {
      // Whoever waited for it may have gone meanwhile.
      if (goesOn(0))
        run(createEngine(ENGINE_OPTIONS), bytes, maxBytes, goesOn)
          .then(resolve, reject)
          .finally(() => giveBack?.());
      else {
        reject(aborted());
        queueMicrotask(() => giveBack());
      }
    });
  });
}

const aborted = (): DOMException => new DOMException("the call has ended", "AbortError");

function run(
  engine: Gunzip | Inflate,
  bytes: Uint8Array,
  maxBytes: number,
  goesOn: (inflatedBytes: number) => boolean,
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
        collectYoung();
        if (goesOn(size)) engine.resume();
        else end(aborted());
      });
    });
    engine.on("end", () => resolve(join(chunks, size)));
    engine.on("close", () => {
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
