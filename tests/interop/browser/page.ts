// The cases over connect-web, bundled for a page. The page's own address names the protocol: ?connect, ?json or ?grpc-web.
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { runCases } from "../cases.ts";

const baseUrl = new URLSearchParams(location.search).get("server") ?? "";
const kind = new URLSearchParams(location.search).get("kind");
const transport =
  kind === "grpc-web"
    ? createGrpcWebTransport({ baseUrl })
    : createConnectTransport({ baseUrl, useBinaryFormat: kind !== "json" });
// Browsers do not compress what they send; the answers are compressed.
runCases(transport, transport, false).then(
  (reports) => document.body.append(JSON.stringify(reports)),
  (error) => document.body.append(`failed: ${error instanceof Error ? error.stack : error}`),
);
