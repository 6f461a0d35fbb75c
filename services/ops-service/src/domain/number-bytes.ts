/**
 * Returns bytes that begin at a multiple of their number's size, so that they can be viewed as numbers. Bytes of a
 * message can begin at any offset: then they are copied.
 */
export function alignedBytes(bytes: Uint8Array, numberBytes: number): Uint8Array<ArrayBuffer> {
  const isAligned = bytes.byteOffset % numberBytes === 0 && bytes.buffer instanceof ArrayBuffer;
  return isAligned ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

/** Views float32 little-endian bytes as numbers; copies them only when they are not aligned. */
export function float32s(bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset, byteLength } = alignedBytes(bytes, Float32Array.BYTES_PER_ELEMENT);
  return new Float32Array(buffer, byteOffset, byteLength / Float32Array.BYTES_PER_ELEMENT);
}

/** Views float64 little-endian bytes as numbers; copies them only when they are not aligned. */
export function float64s(bytes: Uint8Array): Float64Array {
  const { buffer, byteOffset, byteLength } = alignedBytes(bytes, Float64Array.BYTES_PER_ELEMENT);
  return new Float64Array(buffer, byteOffset, byteLength / Float64Array.BYTES_PER_ELEMENT);
}
