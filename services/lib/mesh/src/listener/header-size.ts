/** Bytes that names and values of a header block take; `raw` alternates names and values, as Node's `rawHeaders` do. */
export function headerBytes(raw: readonly string[]): number {
  let bytes = 0;
  for (const text of raw) bytes += text.length;
  return bytes;
}

/** Why a request is rejected, with the way out. */
export function headersTooLarge(maxHeaderBytes: number): string {
  return `the request's header fields are larger than ${maxHeaderBytes} bytes: send a smaller token, or raise BELLWETHER_MAX_HEADER_BYTES`;
}
