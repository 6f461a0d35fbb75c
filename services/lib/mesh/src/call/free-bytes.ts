/**
 * Frees the memory of bytes at once; the garbage collector would do so only after another 64 MiB or so of
 * them. The content is lost: use it only for a buffer that no other code reads. A buffer that is a part of a
 * larger one is left to the collector.
 */
export function freeBytes({ buffer, length }: Uint8Array): void {
  if (length > 0 && buffer.byteLength === length && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
