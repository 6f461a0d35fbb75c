import { isUtf8 } from "node:buffer";
import { Code } from "@connectrpc/connect";
import { invalidRequest, rpcError } from "../errors/rpc-error.ts";
import { checkQueryNames } from "./query-names.ts";
import { checkQueryText } from "./query-text.ts";
import { notUtf8 } from "./utf8-body.ts";

/** Parameters of Connect's GET (https://connectrpc.com/docs/protocol#unary-get-request). */
const GET_NAMES = ["connect", "encoding", "message", "base64", "compression"];

/**
 * Checks an RPC's query against its protocol: only Connect's GET has a query. Without this check, the engine answers
 * a message that is not base64 with an internal error.
 * @param strict whether parameters that the protocol does not know are an error
 * @throws ConnectError INVALID_ARGUMENT
 */
export function checkQuery(method: string, url: string, strict: boolean): void {
  const at = url.indexOf("?");
  if (at < 0) return;
  const query = new URLSearchParams(url.slice(at + 1));
  if (strict) {
    checkQueryText(url.slice(at + 1));
    checkQueryNames(query, method === "GET" ? GET_NAMES : [], []);
  }
  if (method !== "GET") return;
  checkValue(query, "connect", "v1");
  checkValue(query, "base64", "1");
  if (query.get("base64") !== "1") return;
  const message = query.get("message") ?? "";
  if (!isBase64(message)) {
    const text = "message is not base64: send base64url without white space (RFC 4648, 5)";
    throw rpcError(Code.InvalidArgument, "MALFORMED_MESSAGE", text);
  }
  // A compressed message is checked after its decompression.
  const isPlainJson = query.get("encoding") === "json" && (query.get("compression") ?? "identity") === "identity";
  if (isPlainJson && !isUtf8(Buffer.from(message, "base64url"))) throw notUtf8();
}

function checkValue(query: URLSearchParams, name: string, only: string): void {
  const value = query.get(name);
  if (value === null || value === only) return;
  const shown = JSON.stringify(value.slice(0, 40).toWellFormed());
  throw invalidRequest([{ field: name, description: `is ${shown}; send ${name}=${only}, or leave it out` }]);
}

/** Whether text is base64 or base64url, with or without padding. */
function isBase64(text: string): boolean {
  const [, digits = ""] = /^([\w+/-]*)={0,2}$/.exec(text) ?? [];
  return digits.length === text.replace(/=+$/, "").length && digits.length % 4 !== 1;
}
