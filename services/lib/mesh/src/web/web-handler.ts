import type { Socket } from "node:net";
import type { connectNodeAdapter } from "@connectrpc/connect-node";

type NodeHandler = ReturnType<typeof connectNodeAdapter>;

/** A request at the web listener: HTTP/1.1, or HTTP/2 under TLS. */
export type WebRequest = Parameters<NodeHandler>[0];
export type WebResponse = Parameters<NodeHandler>[1];

/**
 * Answers an HTTP request that is not an RPC and returns true, or returns false so that the next handler
 * answers it.
 */
export type WebHandler = (request: WebRequest, response: WebResponse) => boolean;

/** Returns the path of a request without its query. */
export function pathOf(request: WebRequest): string {
  return request.url?.split("?", 1)[0] ?? "/";
}

/** Returns the length of a request's body by its header, bytes; 0: the header is missing. */
export function announcedBytes({ headers }: WebRequest): number {
  return Number(headers["content-length"] ?? 0);
}

/** Sends a whole answer; for HEAD without its body. */
export function sendText(response: WebResponse, status: number, type: string, text: string): void {
  response.statusCode = status;
  response.setHeader("content-type", type);
  response.setHeader("content-length", Buffer.byteLength(text));
  // HEAD returns the headers of GET and no body.
  if (response.req.method === "HEAD") response.end();
  else response.end(text);
}

/** Returns the connection of a request. */
export function socketOf(request: WebRequest): Socket {
  // For HTTP/2, `request.socket` is a proxy that rejects most methods; the session has the real socket.
  return "stream" in request ? (request.stream.session?.socket ?? request.socket) : request.socket;
}
