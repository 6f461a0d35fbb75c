/** First bytes of a frame of data; little-endian as in RFC 8878, section 3.1.1. */
const MAGIC = 0xfd2fb528;
/** First bytes of a frame that decoders skip, without the lowest four bits; section 3.1.2. */
const SKIPPABLE = 0x184d2a50;

const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const RLE = 1;
const RESERVED = 3;

/** The bytes are not frames of zstandard, or their last frame is not complete. */
export class ZstdFrameError extends Error {
  override readonly name = "ZstdFrameError" as const;
}

/**
 * Passes on the bytes of zstandard data, and ends a chunk where a frame ends. The decoder of Node 24 ends without an
 * error at the end of a frame that is inside a chunk, and does not return the frames after it.
 * @throws ZstdFrameError
 */
export async function* splitZstdFrames(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const frames = new FrameReader();
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = frames.take(chunk, 0); at < chunk.length; at = frames.take(chunk, at)) {
      if (!frames.isBetween) continue;
      yield chunk.subarray(from, at);
      from = at;
    }
    yield chunk.subarray(from);
  }
  if (!frames.isBetween) throw new ZstdFrameError("unexpected end of file");
}

type Part = "magic" | "skipped size" | "descriptor" | "block";

/** Follows the parts of frames. */
class FrameReader {
  /** The part whose bytes are collected next. */
  #part: Part = "magic";
  #bytes: number[] = [];
  /** Number of bytes to pass over before the next part. */
  #over = 0;
  #hasChecksum = false;

  /** Whether the bytes so far end with a frame. */
  get isBetween(): boolean {
    return this.#part === "magic" && this.#bytes.length === 0 && this.#over === 0;
  }

  /** Takes bytes of `chunk` from `at`, at most to the end of the next part; returns the place after them. */
  take(chunk: Buffer, at: number): number {
    if (this.#over > 0) {
      const taken = Math.min(this.#over, chunk.length - at);
      this.#over -= taken;
      return at + taken;
    }
    this.#bytes.push(chunk[at] ?? 0);
    if (this.#bytes.length === SIZE[this.#part]) {
      const value = this.#bytes.reduce((sum, byte, i) => sum + byte * 2 ** (8 * i), 0);
      this.#bytes = [];
      this.#read(value);
    }
    return at + 1;
  }

  #read(value: number): void {
    switch (this.#part) {
      case "magic":
        if (value === MAGIC) this.#part = "descriptor";
        else if (value - (value % 16) === SKIPPABLE) this.#part = "skipped size";
        else throw new ZstdFrameError("bytes after the data that are not zstandard");
        return;
      case "skipped size":
        this.#over = value;
        this.#part = "magic";
        return;
      case "descriptor": {
        const isSingle = (value >> 5) & 1;
        const contentSize = CONTENT_SIZE_BYTES[value >> 6] || isSingle;
        this.#hasChecksum = ((value >> 2) & 1) === 1;
        this.#over = 1 - isSingle + (DICTIONARY_ID_BYTES[value & 3] ?? 0) + contentSize;
        this.#part = "block";
        return;
      }
      case "block": {
        const isLast = value % 2 === 1;
        const type = (value >> 1) & 3;
        if (type === RESERVED) throw new ZstdFrameError("a block of an unknown type");
        this.#over = (type === RLE ? 1 : value >> 3) + (isLast && this.#hasChecksum ? 4 : 0);
        if (isLast) this.#part = "magic";
      }
    }
  }
}

const SIZE: Readonly<Record<Part, number>> = { magic: 4, "skipped size": 4, descriptor: 1, block: 3 };
