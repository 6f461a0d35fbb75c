/**
 * Yields the bytes of chunks as parts of exactly `partBytes`, of which the last one is smaller. One part is in memory. Yields one
 * empty part when there are no bytes.
 */
export async function* cutParts(
  chunks: AsyncIterable<Uint8Array>,
  partBytes: number,
): AsyncGenerator<Uint8Array, void, void> {
  let part = Buffer.allocUnsafe(partBytes);
  let filled = 0;
  let yielded = 0;
  for await (const chunk of chunks)
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(chunk.length - at, partBytes - filled);
      part.set(chunk.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < partBytes) continue;
      yield part;
      yielded++;
      // The consumer may still send the yielded one.
      part = Buffer.allocUnsafe(partBytes);
      filled = 0;
    }
  if (filled > 0 || yielded === 0) yield part.subarray(0, filled);
}
