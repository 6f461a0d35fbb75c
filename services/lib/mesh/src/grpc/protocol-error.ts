import { type Code, ConnectError } from "@connectrpc/connect";
import { clean } from "../errors/rpc-error.ts";

/**
 * Maximum length of the text of a protocol error: the request text that it repeats may be as long as all
 * headers together.
 */
const MAX_TEXT = 256;

/**
 * Returns an error for a client that violates the gRPC protocol: code and text, without a reason, as at the
 * web listener. What a caller can act on has a reason and is an `rpcError`: a limit, an unknown encoding.
 */
export function protocolError(code: Code, text: string): ConnectError {
  return new ConnectError(clean(text, MAX_TEXT), code);
}
