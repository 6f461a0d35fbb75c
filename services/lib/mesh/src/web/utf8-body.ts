import { Code, type ConnectError } from "@connectrpc/connect";
import { refusal } from "../refusal.ts";

/**
 * The same body; reading it fails where its bytes are no UTF-8. The engine would read them as U+FFFD, and with them another supplier's id.
 * @throws ConnectError INVALID_ARGUMENT while it is read
 */
export async function* utf8Body(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for await (const chunk of source) {
    check(decoder, chunk);
    yield chunk;
  }
  check(decoder, undefined);
}

/** @param chunk undefined: the body has ended, maybe within a character */
function check(decoder: TextDecoder, chunk: Uint8Array | undefined): void {
  try {
    decoder.decode(chunk, { stream: chunk !== undefined });
  } catch (cause) {
    throw notUtf8(cause);
  }
}

/** The error of JSON whose bytes are no UTF-8. */
export function notUtf8(cause?: unknown): ConnectError {
  return refusal(Code.InvalidArgument, "MALFORMED_JSON", "the body is not UTF-8", { cause });
}
