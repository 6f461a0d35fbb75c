// Runs the cases with connect-web on a page. The page's address names the protocol: ?kind=connect, json or
// grpc-web.
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { runCases } from "../cases.ts";

const baseUrl = new URLSearchParams(location.search).get("server") ?? "";
const kind = new URLSearchParams(location.search).get("kind");
const transport =
  kind === "grpc-web"
    ? createGrpcWebTransport({ baseUrl })
    : createConnectTransport({ baseUrl, useBinaryFormat: kind !== "json" });
// Browsers do not compress requests; the answers are compressed.
runCases(transport, transport, false).then(
  (reports) => document.body.append(JSON.stringify(reports)),
  (error) => document.body.append(`failed: ${error instanceof Error ? error.stack : error}`),
);
