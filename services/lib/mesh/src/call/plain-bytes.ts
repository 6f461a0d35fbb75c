/**
 * Returns the same bytes as a Uint8Array without Buffer's methods. The `bytes` fields of a decoded message
 * are views of this input, so they do not have Buffer's methods either.
 */
export function plainBytes<B extends ArrayBufferLike>(buffer: Buffer<B>): Uint8Array<B> {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
