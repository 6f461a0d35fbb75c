import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import type { Server, Socket } from "node:net";
import type { Peer } from "../call/call.ts";
import { ageWithJitter } from "./http2-connection.ts";
import type { ListenerLimits } from "./listener-limits.ts";
import { peerOfSocket } from "./peers.ts";

/** The connections of one server that speak HTTP/1.1. */
export interface Http1Connections {
  /** Makes the answer under way, or the next one, the last answer of each. */
  askToClose(): void;
}

/** One connection that speaks HTTP/1.1. */
interface Http1Connection {
  /** Its next answer is its last one. */
  asked: boolean;
  latest: ServerResponse;
  /** When the headers of the latest request were complete, `performance.now()`. */
  askedAt: number;
}

const connections = new WeakMap<Socket, Http1Connection>();

/**
 * Looks after connections that speak HTTP/1.1, from their first request on. One that is old is asked to go: its watches end, its next answer says
 * `Connection: close`, and after the grace it is cut. `onAged` ends the watches of a connection.
 */
export function careForHttp1Connections(
  server: Server,
  limits: ListenerLimits,
  onAged: (peer: Peer) => void,
): Http1Connections {
  const open = new Set<Socket>();
  const old = (socket: Socket): void => {
    askToClose(socket);
    onAged(peerOfSocket(socket));
  };
  // Before the listener that answers.
  (server as HttpServer).prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    // HTTP/2 under TLS tells of its requests here too.
    if ("stream" in request) return;
    const { socket } = request;
    const connection = connections.get(socket);
    if (!connection) {
      connections.set(socket, { asked: false, latest: response, askedAt: performance.now() });
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      armAge(socket, limits, old);
      return;
    }
    connection.latest = response;
    connection.askedAt = performance.now();
    if (connection.asked) response.shouldKeepAlive = false;
  });
  return {
    askToClose() {
      for (const socket of open) askToClose(socket);
    },
  };
}

function armAge(socket: Socket, limits: ListenerLimits, old: (socket: Socket) => void): void {
  let timer = setTimeout(() => {
    old(socket);
    timer = setTimeout(() => socket.destroy(), limits.connectionAgeGraceMs).unref();
  }, ageWithJitter(limits)).unref();
  socket.once("close", () => clearTimeout(timer));
}

function askToClose(socket: Socket): void {
  const connection = connections.get(socket);
  if (!connection || connection.asked) return;
  connection.asked = true;
  const { latest } = connection;
  if (!latest.headersSent) latest.shouldKeepAlive = false;
  else if (!latest.writableFinished) latest.once("finish", () => socket.destroySoon());
}

/** Whether an answer is being written to a connection of HTTP/1.1: another one would be taken for a part of it. */
export function isAnswering(socket: Socket): boolean {
  const latest = connections.get(socket)?.latest;
  return latest?.headersSent === true && !latest.writableFinished;
}

/**
 * Since when a connection of HTTP/1.1 has waited for the answer to its latest request, `performance.now()`; -Infinity: it waits for none,
 * because no request's headers are complete or because all are answered.
 */
export function waitsSince(socket: Socket): number {
  const connection = connections.get(socket);
  return connection && !connection.latest.writableFinished ? connection.askedAt : Number.NEGATIVE_INFINITY;
}
