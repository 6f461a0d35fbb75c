import type { DescMessage, JsonValue } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { JSON_OVERHEAD } from "../call/call-limits.ts";
import { invalidRequest, rpcError } from "../errors/rpc-error.ts";
import { jsonViolations } from "./json-violations.ts";
import type { JsonRecord } from "./recorded-json.ts";

/**
 * Improves the engine's error for a message that it cannot decode, so that a client can act on it. connect
 * reports malformed binary messages as internal errors, and for JSON it states neither the position of the
 * error nor the allowed values. Other errors stay unchanged. The error is changed in place, because the
 * engine sends the same object once its signal has fired.
 * @param record undefined: the message is binary
 */
export function explainMalformed(error: ConnectError, input: DescMessage, record: JsonRecord | undefined): void {
  const better = explanation(error, input, record);
  if (better) Object.assign(error, { code: better.code, rawMessage: better.rawMessage, details: better.details });
}

/**
 * Replaces the engine's text for a message that is too large, which names an option of the engine. Returns false for
 * any other error. The error is changed in place, as by `explainMalformed`.
 * @param maxBytes the RPC's limit of a binary message
 */
export function explainTooLarge(error: ConnectError, maxBytes: number, asJson: boolean): boolean {
  if (error.code !== Code.ResourceExhausted || !error.rawMessage.includes("configured readMaxBytes")) return false;
  const limit = asJson
    ? `the ${Math.ceil(maxBytes * JSON_OVERHEAD)} bytes of JSON that this RPC accepts (${maxBytes} bytes in binary)`
    : `the ${maxBytes} bytes that this RPC accepts`;
  const better = rpcError(Code.ResourceExhausted, "MESSAGE_TOO_LARGE", `the message is larger than ${limit}`);
  Object.assign(error, { rawMessage: better.rawMessage, details: better.details });
  return true;
}

function explanation(
  error: ConnectError,
  input: DescMessage,
  record: JsonRecord | undefined,
): ConnectError | undefined {
  const text = error.rawMessage;
  if (error.code === Code.Internal && text.startsWith("parse binary"))
    return rpcError(Code.InvalidArgument, "MALFORMED_MESSAGE", "the request message is malformed");
  if (error.code !== Code.InvalidArgument || !text.startsWith("cannot decode ")) return undefined;
  const json = record?.text();
  if (json === undefined || !record) return invalidRequest([{ field: "", description: text }]);
  const parsed = parse(json);
  if ("failure" in parsed)
    return rpcError(Code.InvalidArgument, "MALFORMED_JSON", `the body is not JSON: ${parsed.failure}`);
  const violations = jsonViolations(input, parsed.value, record.registry);
  return invalidRequest(violations.length > 0 ? violations : [{ field: "", description: text }]);
}

function parse(text: string): { readonly value: JsonValue } | { readonly failure: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
