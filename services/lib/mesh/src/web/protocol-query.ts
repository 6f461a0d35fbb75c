import { isUtf8 } from "node:buffer";
import { checkQueryNames } from "./query-names.ts";
import { checkQueryText } from "./query-text.ts";
import { notUtf8 } from "./utf8-body.ts";

/** Parameters of Connect's GET (https://connectrpc.com/docs/protocol#unary-get-request). */
const GET_NAMES = ["connect", "encoding", "message", "base64", "compression"];

/**
 * Checks an RPC's query against its protocol: only Connect's GET has a query. @throws ConnectError
 * INVALID_ARGUMENT
 */
export function checkQuery(method: string, url: string): void {
  const at = url.indexOf("?");
  if (at < 0) return;
  const names = method === "GET" ? GET_NAMES : [];
  checkQueryText(url.slice(at + 1));
  const query = new URLSearchParams(url.slice(at + 1));
  checkQueryNames(query, names, []);
  // A compressed message is checked after its decompression.
  const isPlainJson = query.get("encoding") === "json" && (query.get("compression") ?? "identity") === "identity";
  if (isPlainJson && query.get("base64") === "1" && !isUtf8(Buffer.from(query.get("message") ?? "", "base64url")))
    throw notUtf8();
}
