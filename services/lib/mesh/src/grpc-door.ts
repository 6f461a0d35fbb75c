import type { Http2Server, Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import net from "node:net";
import tls from "node:tls";
import * as grpc from "@grpc/grpc-js";
import type { DoorLimits } from "./door-limits.ts";
import { GrpcCall, type GrpcMethod } from "./grpc-call.ts";
import { type Address, listen, type TlsMaterial } from "./listener.ts";
import { methodPath } from "./method.ts";
import { createPeerTable } from "./peers.ts";
import type { PolicyChain } from "./policy.ts";
import type { Route } from "./route.ts";
import { RESET_FRAMES, watchStreamEnds } from "./stream-ends.ts";

/** A listening door. */
export interface Door {
  readonly address: Address;
  /** Takes no new connection, tells open ones to go (GOAWAY), lets calls end for at most `graceMs`, then cuts what is left. */
  drain(graceMs: number): Promise<void>;
}

export interface GrpcDoorOptions {
  readonly address: Address;
  readonly routes: readonly Route[];
  readonly chain: PolicyChain;
  readonly limits: DoorLimits;
  readonly tls?: TlsMaterial;
}

/**
 * Opens the gRPC door: grpc-js behind a listener of our own, which caps connections, ends silent ones and knows each
 * connection's certificate. @throws ListenError
 */
export async function openGrpcDoor({ address, routes, chain, limits, tls: material }: GrpcDoorOptions): Promise<Door> {
  const peers = createPeerTable();
  const methods = bindMethods(routes, chain, ({ session }) =>
    peers.find(session?.socket.remoteAddress, session?.socket.remotePort),
  );
  const largest = Math.max(...[...methods.values()].map((m) => m.limits.maxRequestBytes));
  const { server, injector } = createServer(methods, largest, limits);

  const sockets = new Set<net.Socket>();
  const accept = (socket: net.Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.setNoDelay(true);
    peers.add(socket);
    dropIfSilent(socket, limits.headersTimeoutMs);
    injector.injectConnection(socket);
  };
  const listener = material ? tlsListener(material, limits, accept) : net.createServer(accept);
  listener.maxConnections = limits.maxConnections;
  const bound = await listen(listener, "gRPC", address);
  return {
    address: bound,
    async drain(graceMs) {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      injector.drain(graceMs);
      const hardEnd = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await closed;
      clearTimeout(hardEnd);
      server.forceShutdown();
    },
  };
}

function bindMethods(routes: readonly Route[], chain: PolicyChain, peerOf: GrpcMethod["peerOf"]) {
  const bound = routes.flatMap((route) => route.methods);
  return new Map<string, GrpcMethod>(bound.map((b) => [methodPath(b.method), { ...b, chain, peerOf }]));
}

function createServer(methods: ReadonlyMap<string, GrpcMethod>, maxBytes: number, limits: DoorLimits) {
  /** The call whose stream grpc-js has just been given. */
  let opened: GrpcCall | undefined;
  // The types want grpc-js's own class; the seam needs only the listener interface, which GrpcCall has.
  const takeOver = (_: unknown, base: grpc.ServerInterceptingCallInterface) =>
    opened?.attach(base) ?? new grpc.ServerInterceptingCall(base);
  const server = new grpc.Server({
    interceptors: [takeOver as grpc.ServerInterceptor],
    "grpc.max_receive_message_length": maxBytes,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": limits.maxStreams,
    "grpc.max_connection_age_ms": limits.connectionAgeMs,
    "grpc.max_connection_age_grace_ms": limits.connectionAgeGraceMs,
    "grpc.max_connection_idle_ms": limits.connectionIdleMs,
    "grpc.keepalive_time_ms": limits.keepaliveMs,
    "grpc.keepalive_timeout_ms": limits.keepaliveTimeoutMs,
    "grpc.enable_channelz": 0,
  });
  // grpc-js names no option for it: it goes into what grpc-js hands to node:http2.
  Object.assign(Reflect.get(server, "commonServerOptions"), RESET_FRAMES);
  for (const [path, bound] of methods) {
    server.register(path, unused, sameBytes, sameBytes, grpcJsKind(bound));
  }
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  for (const http2Server of http2Servers(server))
    http2Server.on("session", (session) => watchStreamEnds(session, limits));
  openBefore(server, (stream, headers, handle) => {
    const method = methods.get(String(headers[":path"]));
    if (!method || !headers["content-type"]?.startsWith("application/grpc")) return handle();
    const call = new GrpcCall(method, stream, headers);
    if (!call.open()) return;
    opened = call;
    handle();
    opened = undefined;
  });
  return { server, injector };
}

/** What grpc-js listens with. */
function http2Servers(server: grpc.Server): readonly Http2Server[] {
  const known: ReadonlyMap<Http2Server, unknown> = Reflect.get(server, "http2Servers");
  return [...known.keys()];
}

/**
 * Shows streams to `first`, which hands those to grpc-js that it does not answer: to refuse one there costs half as much, and an
 * overloaded server refuses more than it answers. grpc-js has no hook before its own call object, so its listener is put behind ours.
 */
function openBefore(
  server: grpc.Server,
  first: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, handle: () => void) => void,
): void {
  for (const http2Server of http2Servers(server)) {
    const [grpcJs] = http2Server.listeners("stream");
    if (!grpcJs) throw new Error("grpc-js does not listen for streams");
    http2Server.removeAllListeners("stream");
    http2Server.on("stream", (stream, headers, ...rest) => {
      const look = (): void => {
        if (!stream.destroyed) first(stream, headers, () => grpcJs.call(http2Server, stream, headers, ...rest));
      };
      const { session } = stream;
      if (session && !proven.has(session)) lookLater(stream, session, look);
      else look();
    });
  }
}

/** Connections of which a call was still wanted one turn after it came. */
const proven = new WeakSet<Http2Session>();

/** What a new connection takes back at once costs nothing: its calls are looked at one turn later, until one has lasted so long. */
function lookLater(stream: ServerHttp2Stream, session: Http2Session, look: () => void): void {
  // One that is reset with an error code tells so, and grpc-js does not listen yet.
  stream.on("error", unused);
  // Nor does it when a body without a byte ends: it is told again.
  let ended = false;
  stream.once("end", () => {
    ended = true;
  });
  setImmediate(() => {
    if (!stream.destroyed) proven.add(session);
    look();
    if (ended) stream.emit("end");
  });
}

const sameBytes = (bytes: Buffer): Buffer => bytes;

/** grpc-js wants a handler for each path; the interceptor takes every call before it. */
const unused = (): void => {};

function grpcJsKind({ streamsIn, streamsOut }: GrpcMethod): string {
  if (streamsIn) return streamsOut ? "bidi" : "clientStream";
  return streamsOut ? "serverStream" : "unary";
}

function tlsListener(material: TlsMaterial, limits: DoorLimits, accept: (socket: net.Socket) => void): tls.Server {
  const mutual = material.ca !== undefined;
  const options = { ...material, ALPNProtocols: ["h2"], handshakeTimeout: limits.headersTimeoutMs };
  const server = tls.createServer({ ...options, requestCert: mutual, rejectUnauthorized: mutual }, accept);
  // Node tells of a handshake that failed or took too long, and leaves the connection open.
  return server.on("tlsClientError", (_, socket) => socket.destroy());
}

/** The 24 bytes that every HTTP/2 client sends first. */
const PREFACE_BYTES = 24;

function dropIfSilent(socket: net.Socket, timeoutMs: number): void {
  const timer = setTimeout(() => {
    if (socket.bytesRead < PREFACE_BYTES) socket.destroy();
  }, timeoutMs).unref();
  socket.once("close", () => clearTimeout(timer));
  socket.on("error", () => socket.destroy());
}
