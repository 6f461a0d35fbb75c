/** The same bytes without Buffer's methods: `bytes` fields of a decoded message are views of what it is decoded from. */
export function plainBytes<B extends ArrayBufferLike>(buffer: Buffer<B>): Uint8Array<B> {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
