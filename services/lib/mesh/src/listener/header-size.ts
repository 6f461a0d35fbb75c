/**
 * Returns the size of a header block: bytes of all names and values. `raw` alternates names and values, like
 * Node's `rawHeaders`.
 */
export function headerBytes(raw: readonly string[]): number {
  let bytes = 0;
  for (const text of raw) bytes += text.length;
  return bytes;
}

/** Returns the text of the rejection. It states the limit and what the client can do. */
export function headersTooLarge(maxHeaderBytes: number): string {
  return `the request's header fields are larger than ${maxHeaderBytes} bytes: send a smaller token, or raise BELLWETHER_MAX_HEADER_BYTES`;
}
