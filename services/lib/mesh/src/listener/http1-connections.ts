import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import type { Server, Socket } from "node:net";
import type { Peer } from "../call/call.ts";
import { ageWithJitter } from "./http2-connection.ts";
import type { ListenerLimits } from "./listener-limits.ts";
import { peerOfSocket } from "./peers.ts";

/** The HTTP/1.1 connections of one server. */
export interface Http1Connections {
  /** Asks each connection to close: the answer in progress, or else the next one, is its last. */
  askToClose(): void;
}

/** One connection that speaks HTTP/1.1. */
interface Http1Connection {
  /** Whether the connection was asked to close, so that its next answer is its last. */
  asked: boolean;
  latest: ServerResponse;
  /** Time (`performance.now()`) at which the headers of the latest request were complete. */
  askedAt: number;
}

const connections = new WeakMap<Socket, Http1Connection>();

/**
 * Manages HTTP/1.1 connections from their first request on. A connection that has reached its age limit is
 * asked to close: `onAged` ends its watches, its next answer contains `Connection: close`, and after the
 * grace time it is closed.
 */
export function manageHttp1Connections(
  server: Server,
  limits: ListenerLimits,
  onAged: (peer: Peer) => void,
): Http1Connections {
  const open = new Set<Socket>();
  const old = (socket: Socket): void => {
    askToClose(socket);
    onAged(peerOfSocket(socket));
  };
  // prependListener: this listener runs before the listener that answers.
  (server as HttpServer).prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    // Under TLS, node:http2 emits the requests of HTTP/2 here too.
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

/**
 * Whether an answer is being written to an HTTP/1.1 connection: the client would take a second answer for a
 * part of it.
 */
export function isAnswering(socket: Socket): boolean {
  const latest = connections.get(socket)?.latest;
  return latest?.headersSent === true && !latest.writableFinished;
}

/** Returns the request whose body is arriving on an HTTP/1.1 connection. Undefined: the headers of the next one are not complete. */
export function arrivingRequest(socket: Socket): IncomingMessage | undefined {
  const request = connections.get(socket)?.latest.req;
  return request?.complete === false ? request : undefined;
}

/**
 * Returns the time (`performance.now()`) since which an HTTP/1.1 connection has waited for the answer to its
 * latest request. -Infinity: the connection waits for no answer, because no request has complete headers or
 * because all requests have been answered.
 */
export function waitsSince(socket: Socket): number {
  const connection = connections.get(socket);
  return connection && !connection.latest.writableFinished ? connection.askedAt : Number.NEGATIVE_INFINITY;
}
