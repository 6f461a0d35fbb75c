import { notUtf8 } from "./utf8-body.ts";

/** Length of an envelope's prefix: flags, then the length of its message. */
const HEAD_BYTES = 5;
const COMPRESSED_FLAG = 1;

/**
 * Yields the unchanged bytes of a body whose messages are in envelopes. Reading fails when an uncompressed
 * message is not UTF-8. A compressed message is checked after its decompression.
 * @throws ConnectError INVALID_ARGUMENT while the body is read
 */
export async function* utf8Envelopes(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const head = Buffer.alloc(HEAD_BYTES);
  let headBytes = 0;
  let left = 0;
  let decoder = new TextDecoder("utf-8", { fatal: true });
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      if (headBytes < HEAD_BYTES) {
        head[headBytes++] = chunk[at++] ?? 0;
        if (headBytes < HEAD_BYTES) continue;
        left = head.readUInt32BE(1);
        decoder = new TextDecoder("utf-8", { fatal: true });
      }
      const part = chunk.subarray(at, at + left);
      at += part.length;
      left -= part.length;
      if (((head[0] ?? 0) & COMPRESSED_FLAG) === 0) check(decoder, part, left === 0);
      if (left === 0) headBytes = 0;
    }
    yield chunk;
  }
}

function check(decoder: TextDecoder, part: Uint8Array, isLast: boolean): void {
  try {
    decoder.decode(part, { stream: !isLast });
  } catch (cause) {
    throw notUtf8(cause);
  }
}
