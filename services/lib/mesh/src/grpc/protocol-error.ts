import { type Code, ConnectError } from "@connectrpc/connect";
import { clean } from "../errors/rpc-error.ts";

/** What a protocol error repeats of a request may be as long as all headers together. */
const MAX_TEXT = 256;

/** A client that does not speak gRPC as it should: code and text and, as at the web listener, no reason beside them. */
export function protocolError(code: Code, text: string): ConnectError {
  return new ConnectError(clean(text, MAX_TEXT), code);
}
