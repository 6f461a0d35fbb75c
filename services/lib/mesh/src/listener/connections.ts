import http from "node:http";
import type { ServerHttp2Session } from "node:http2";
import type { Server, Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import type { Peer } from "../call/call.ts";
import { manageHttp1Connections } from "./http1-connections.ts";
import { manageHttp2Connection } from "./http2-connection.ts";
import type { ListenerLimits } from "./listener-limits.ts";

/** The connections of a listener. */
export interface Connections {
  /**
   * Accepts no new connection, sends GOAWAY on those of HTTP/2, lets calls end for at most `graceMs`, then
   * closes the rest.
   */
  drain(graceMs: number): Promise<void>;
}

/**
 * Interval at which idle HTTP/1.1 connections are closed during a drain. Without it, a connection that
 * becomes idle would delay the drain by its keep-alive time.
 */
const IDLE_CHECK_MS = 50;

/**
 * Manages a server's connections; call it before the server listens. `onAged` is called with the peer of a
 * connection that was asked to close because of its age, so that its watches can be ended.
 */
export function manageConnections(
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
    // TCP keep-alive detects clients that disappeared without closing, with HTTP/1.1 and HTTP/2.
    socket.setKeepAlive(true, limits.keepaliveMs);
    socket.once("close", () => sockets.delete(socket));
  });
  // session.socket is a proxy that cannot be destroyed. The "session" event is emitted during the event of the real
  // socket, so the socket that was seen last belongs to the session.
  let latest: Socket | undefined;
  server.prependListener(server instanceof TlsServer ? "secureConnection" : "connection", (socket: Socket) => {
    latest = socket;
  });
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    if (latest) manageHttp2Connection(session, latest, limits, onAged);
    // The TLS handshake of this connection began before the drain.
    if (draining) session.close();
  });
  // A listener for "request" changes how node:http2 treats streams, so it is added only where one exists
  // already.
  const http1 = server.listenerCount("request") > 0 ? manageHttp1Connections(server, limits, onAged) : undefined;
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
