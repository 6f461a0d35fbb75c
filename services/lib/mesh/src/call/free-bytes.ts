/**
 * Gives the memory of bytes back at once; the garbage collector would do so only after some 64 MiB more of them. The bytes are gone: only
 * for a buffer that nobody else reads. One that is a part of a larger buffer is left to the collector.
 */
export function freeBytes({ buffer, length }: Buffer): void {
  if (length > 0 && buffer.byteLength === length && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
