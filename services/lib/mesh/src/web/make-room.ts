import type { Server, Socket } from "node:net";
import { waitsSince } from "../listener/http1-connections.ts";

/**
 * Keeps at most `maxConnections` connections of HTTP/1.1 open, in place of the server's own limit, which would close the new one: a further
 * connection closes the oldest that waits for no answer or, when all wait, the one that has waited longest. Half requests, idle connections and
 * answers that nobody takes never keep a new client out. Call it before the server listens.
 */
export function makeRoom(server: Server, maxConnections: number): void {
  // The server counts a closed connection until its close event, one turn later.
  server.maxConnections = 2 * maxConnections;
  // Oldest first.
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
  // Counted until its close event, it would have a second connection closed in its place.
  sockets.delete(chosen);
  chosen.destroy();
}
