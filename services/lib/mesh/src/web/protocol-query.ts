import { checkQueryNames } from "../query-names.ts";

/** Parameters of Connect's GET (https://connectrpc.com/docs/protocol#unary-get-request). */
const GET_NAMES = ["connect", "encoding", "message", "base64", "compression"];

/** Holds an RPC's query against its protocol: none but Connect's GET has one. @throws ConnectError INVALID_ARGUMENT */
export function checkQuery(method: string, url: string): void {
  const at = url.indexOf("?");
  if (at < 0) return;
  const names = method === "GET" ? GET_NAMES : [];
  checkQueryNames(new URLSearchParams(url.slice(at + 1)), names, []);
}
