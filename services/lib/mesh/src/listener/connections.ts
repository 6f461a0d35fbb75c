import http from "node:http";
import type { ServerHttp2Session } from "node:http2";
import type { Server, Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import type { Peer } from "../call/call.ts";
import { careForHttp1Connections } from "./http1-connections.ts";
import { manageHttp2Connection } from "./http2-connection.ts";
import type { ListenerLimits } from "./listener-limits.ts";

/** The connections of a listener. */
export interface Connections {
  /** Takes no new one, tells those of HTTP/2 to go (GOAWAY), lets calls end for at most `graceMs`, then cuts what is left. */
  drain(graceMs: number): Promise<void>;
}

/** HTTP/1.1: connections that become idle while a listener drains would hold it for their keep-alive time. */
const IDLE_CHECK_MS = 50;

/**
 * Looks after a server's connections, from before it listens on. `onAged` is called with the peer of one that has been asked to go because
 * of its age: its watches are to be ended.
 */
export function careForConnections(
  server: Server,
  limits: ListenerLimits,
  onAged: (peer: Peer) => void = () => {},
): Connections {
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let draining = false;
  server.maxConnections = limits.maxConnections;
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    // Finds clients that went without a word, whatever they speak.
    socket.setKeepAlive(true, limits.keepaliveMs);
    socket.once("close", () => sockets.delete(socket));
  });
  // A session gives a proxy of its socket that does not let it be destroyed. It is made while its socket is told of.
  let latest: Socket | undefined;
  server.prependListener(server instanceof TlsServer ? "secureConnection" : "connection", (socket: Socket) => {
    latest = socket;
  });
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    if (latest) manageHttp2Connection(session, latest, limits, onAged);
    // Its handshake had begun before.
    if (draining) session.close();
  });
  // A listener for requests changes how node:http2 treats streams: only where there is one already.
  const http1 = server.listenerCount("request") > 0 ? careForHttp1Connections(server, limits, onAged) : undefined;
  return {
    async drain(graceMs) {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.close();
      http1?.askToClose();
      const idle = setInterval(() => {
        if (server instanceof http.Server) server.closeIdleConnections();
      }, IDLE_CHECK_MS);
      const hardEnd = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await closed;
      clearInterval(idle);
      clearTimeout(hardEnd);
    },
  };
}
