/** Texts as UTF-8 in one block: a process hands them over without a copy in the heap of each thread. */
export interface PackedTexts {
  readonly bytes: Uint8Array;
  /** End of each text in `bytes`. */
  readonly ends: Float64Array;
}

/** Largest block, bytes. */
const MAX_BYTES = 2 ** 31;

/** Returns texts in one block; null when one of them is not valid Unicode, or the block would be larger than 2 GiB. */
export function packTexts(texts: readonly string[]): PackedTexts | null {
  let total = 0;
  for (const text of texts) {
    if (!text.isWellFormed()) return null;
    total += Buffer.byteLength(text);
  }
  if (total > MAX_BYTES) return null;
  const bytes = new Uint8Array(total);
  const block = Buffer.from(bytes.buffer);
  let end = 0;
  const ends = Float64Array.from(texts, (text) => {
    end += block.write(text, end);
    return end;
  });
  return { bytes, ends };
}

/** Returns the texts of a block, and frees the memory of the block and of everything that shares it. */
export function unpackTexts({ bytes, ends }: PackedTexts): string[] {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  const texts = Array.from(ends, (end) => {
    const text = block.toString("utf8", start, end);
    start = end;
    return text;
  });
  if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
  return texts;
}
