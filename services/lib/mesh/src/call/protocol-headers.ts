/**
 * Headers that belong to the protocol. The engine at each end writes them itself, and HTTP/2 has no
 * connection headers.
 */
export const PROTOCOL_HEADERS: ReadonlySet<string> = new Set([
  "content-type",
  "content-length",
  "user-agent",
  "te",
  "host",
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "accept-encoding",
  "grpc-accept-encoding",
  "grpc-encoding",
  "grpc-timeout",
  "grpc-status",
  "grpc-message",
]);
