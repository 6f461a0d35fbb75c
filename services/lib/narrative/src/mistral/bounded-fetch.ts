/** A response has more bytes than its limit. */
export class ResponseTooLargeError extends Error {
  override readonly name = "ResponseTooLargeError" as const;
}

/**
 * Returns a fetch that reads the whole body at once and rejects one that is too large. It does not follow redirects,
 * so that a key is sent only where it belongs.
 */
export function boundedFetch(maxBytes: number): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, redirect: "error" });
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.byteLength;
      // Leaving the loop cancels the body.
      if (bytes > maxBytes) throw new ResponseTooLargeError(`more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    return new Response(Buffer.concat(chunks), {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}
