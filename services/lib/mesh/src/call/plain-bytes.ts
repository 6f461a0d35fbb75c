/**
 * The same bytes without Buffer's methods: the `bytes` fields of a decoded message are views of the input and
 * would have them too.
 */
export function plainBytes<B extends ArrayBufferLike>(buffer: Buffer<B>): Uint8Array<B> {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
