import type { Server, Socket } from "node:net";
import { waitsSince } from "../listener/http1-connections.ts";

/**
 * Keeps at most `maxConnections` HTTP/1.1 connections open. It replaces the server's own limit, which would
 * close the new connection: here a further connection closes the oldest one that waits for no answer or, when
 * all wait, the one that has waited longest. Incomplete requests, idle connections and unread answers
 * therefore never block a new client. Call it before the server listens.
 */
export function makeRoom(server: Server, maxConnections: number): void {
  // Twice the limit, because the server still counts a closed connection until its close event in the next
  // iteration of the event loop.
  server.maxConnections = 2 * maxConnections;
  // Connections, oldest first.
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    socket.once("close", () => sockets.delete(socket));
    if (sockets.size >= maxConnections) closeOne(sockets);
    sockets.add(socket);
  });
}

function closeOne(sockets: Set<Socket>): void {
  let chosen: Socket | undefined;
  let since = Number.POSITIVE_INFINITY;
  for (const socket of sockets) {
    const waits = waitsSince(socket);
    if (waits >= since) continue;
    chosen = socket;
    since = waits;
  }
  if (!chosen) return;
  // The closed connection is removed before its close event. Otherwise a second connection would be closed in
  // its place.
  sockets.delete(chosen);
  chosen.destroy();
}
