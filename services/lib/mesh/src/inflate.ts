import type { Gunzip, Inflate } from "node:zlib";

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

/** More than this inflates in turn: many that grow at once would hold the most memory and finish last. */
const LARGE_BYTES = 64 * 1024;
const MAX_LARGE_AT_ONCE = 2;
let largeNow = 0;
const waiting = new Set<() => void>();

/** Calls `go` when one more may grow; gives what gives the turn, or the place in the queue, back. */
function takeTurn(go: () => void): () => void {
  let hasTurn = false;
  const begin = (): void => {
    hasTurn = true;
    largeNow++;
    go();
  };
  if (largeNow < MAX_LARGE_AT_ONCE) begin();
  else waiting.add(begin);
  return () => {
    waiting.delete(begin);
    if (!hasTurn) return;
    hasTurn = false;
    largeNow--;
    const [next] = waiting;
    if (!next || largeNow >= MAX_LARGE_AT_ONCE) return;
    waiting.delete(next);
    next();
  };
}

/**
 * Inflates a whole message of at most `maxBytes`. `goesOn` is called with the bytes inflated so far, before they are
 * kept: false ends it with an AbortError. @throws TooLargeError, NoBytesError, or zlib's error when the bytes are not what `engine` reads
 */
export function inflate(
  engine: Gunzip | Inflate,
  bytes: Uint8Array,
  maxBytes: number,
  goesOn: (inflatedBytes: number) => boolean,
): Promise<Buffer<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    if (bytes.length === 0) throw new NoBytesError("no bytes to inflate");
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
        end(new DOMException("the call has ended", "AbortError"));
        return;
      }
      chunks.push(chunk);
      if (size <= LARGE_BYTES || giveBack) return;
      engine.pause();
      giveBack = takeTurn(() => {
        // Whoever waited for it may have gone meanwhile.
        if (goesOn(size)) engine.resume();
        else end(new DOMException("the call has ended", "AbortError"));
      });
    });
    engine.on("end", () => resolve(Buffer.concat(chunks, size)));
    engine.on("close", () => giveBack?.());
    engine.on("error", reject);
    engine.end(bytes);
  });
}
