import http2, { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { Code, type ConnectError } from "@connectrpc/connect";
import { type AnswerIds, createAnswerIds, idFields, REQUEST_ID_HEADER } from "../call/answer-ids.ts";
import type { Peer } from "../call/call.ts";
import { methodPath } from "../call/method.ts";
import type { PolicyChain } from "../call/policy.ts";
import type { Route } from "../call/route.ts";
import { rpcError } from "../errors/rpc-error.ts";
import { sharedError } from "../errors/shared-error.ts";
import { manageConnections } from "../listener/connections.ts";
import { createFairTurns, type FairTurns } from "../listener/fair-turns.ts";
import { headerBytes, headersTooLarge } from "../listener/header-size.ts";
import { type Address, listen, type TlsMaterial } from "../listener/listen.ts";
import type { Listener } from "../listener/listener.ts";
import { HEADER_HEADROOM, type ListenerLimits } from "../listener/listener-limits.ts";
import { rememberPeer } from "../listener/peers.ts";
import { RESET_FRAMES } from "../listener/stream-ends.ts";
import { GrpcCall, type GrpcMethod } from "./grpc-call.ts";
import { protocolError } from "./protocol-error.ts";
import { abandonStream, rejectStream } from "./trailer-status.ts";
import { clearVerified, isVerified, markVerified } from "./verified-sessions.ts";

export interface GrpcListenerOptions {
  readonly address: Address;
  readonly routes: readonly Route[];
  readonly chain: PolicyChain;
  readonly limits: ListenerLimits;
  readonly tls?: TlsMaterial;
  /** Called with the peer of a connection that has reached its age limit; ends its watches. */
  readonly onAged: (peer: Peer) => void;
  /** Called with an error that handling a stream threw; the stream has been reset. */
  readonly onThrow: (error: unknown) => void;
}

/**
 * Opens the gRPC listener: gRPC on node:http2, without grpc-js. A call through grpc-js's server, with all
 * objects that it creates, costs a quarter more than a call with every policy costs here
 * (docs/decisions/0005).
 * @throws ListenError
 */
export async function openGrpcListener({
  address,
  routes,
  chain,
  limits,
  tls,
  onAged,
  onThrow,
}: GrpcListenerOptions): Promise<Listener> {
  const bound = routes.flatMap((route) => route.methods);
  const { messageTimeoutMs } = limits;
  const methods = new Map<string, GrpcMethod>(
    bound.map((b) => [methodPath(b.method), { ...b, chain, messageTimeoutMs }]),
  );
  const server = tls ? createTlsServer(tls, limits) : http2.createServer(serverOptions(limits));
  const connections = manageConnections(server, limits, onAged);
  server.on(tls ? "secureConnection" : "connection", (socket: Socket) => dropIfSilent(socket, limits.headersTimeoutMs));
  server.on("session", rememberPeer);
  // An error that an event listener throws would end the process.
  const look = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]): void => {
    try {
      if (headerBytes(raw) <= limits.maxHeaderBytes) answer(methods, stream, headers);
      else rejectUnknown(stream, headers, tooLarge());
    } catch (error) {
      onThrow(error);
      abandonStream(stream);
    }
  };
  const turns = createFairTurns();
  const tooLarge = sharedError(() =>
    rpcError(Code.ResourceExhausted, "HEADERS_TOO_LARGE", headersTooLarge(limits.maxHeaderBytes)),
  );
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _: number, raw: string[]) =>
    handleInTurn(turns, stream, () => look(stream, headers, raw)),
  );
  return { address: await listen(server, "gRPC", address), drain: connections.drain };
}

const CONTENT_TYPE = /^application\/grpc(\+proto)?\s*($|;)/i;

function answer(
  methods: ReadonlyMap<string, GrpcMethod>,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): void {
  const { ":method": verb, ":path": path = "", "content-type": contentType = "" } = headers;
  const method = methods.get(path);
  if (verb !== "POST") {
    rejectRequest(stream, headers, 405, { allow: "POST" }, "this listener accepts gRPC only: use POST\n");
  } else if (!CONTENT_TYPE.test(contentType)) {
    const fields = { "accept-post": "application/grpc, application/grpc+proto" };
    rejectRequest(
      stream,
      headers,
      415,
      fields,
      "this listener accepts gRPC only: use the content type application/grpc, or the web listener\n",
    );
  } else if (!method) {
    rejectUnknown(stream, headers, protocolError(Code.Unimplemented, `there is no RPC ${path}`));
  } else {
    const call = new GrpcCall(method, stream, headers);
    if (call.open()) call.start();
  }
}

/** Rejects a call before its caller is known. */
function rejectUnknown(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, error: ConnectError): void {
  clearVerified(stream.session as ServerHttp2Session | undefined);
  rejectStream(stream, error, idsOf(headers));
}

/** Returns the ids of the answer to a request that is no call. */
function idsOf(headers: IncomingHttpHeaders): AnswerIds {
  const { [REQUEST_ID_HEADER]: requestId, traceparent } = headers;
  return createAnswerIds(requestId?.toString(), traceparent?.toString());
}

/** Answers a request that is not gRPC with an HTTP status. */
function rejectRequest(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  status: number,
  fields: Readonly<Record<string, string>>,
  reason: string,
): void {
  clearVerified(stream.session as ServerHttp2Session | undefined);
  const ids = Object.fromEntries(idFields(idsOf(headers)));
  stream.respond({ ":status": status, "content-type": "text/plain; charset=utf-8", ...fields, ...ids });
  stream.end(reason);
  stream.close(http2.constants.NGHTTP2_NO_ERROR);
}

/**
 * Delays each call of a new connection to a later iteration of the event loop, until one of its calls is still
 * open by then, and each call of a connection whose latest callers were not known. A call that the client cancels
 * at once therefore costs nothing, and a connection without credentials does not delay the others.
 */
function handleInTurn(turns: FairTurns, stream: ServerHttp2Stream, look: () => void): void {
  // A stream that is reset with an error code emits an error.
  stream.on("error", NOTHING);
  const session = stream.session as ServerHttp2Session | undefined;
  if (!session || isVerified(session)) {
    if (!stream.destroyed) look();
    return;
  }
  turns.add(session, () => {
    if (stream.destroyed) return;
    markVerified(session);
    look();
  });
}

const NOTHING = (): void => {};

function serverOptions(limits: ListenerLimits): http2.ServerOptions {
  return {
    ...RESET_FRAMES,
    settings: { maxConcurrentStreams: limits.maxStreams, maxHeaderListSize: limits.maxHeaderBytes * HEADER_HEADROOM },
    // Disabled: the windows and the number of streams bound the memory of a connection. At this limit
    // node:http2 would fail calls in ways that clients do not understand.
    maxSessionMemory: Number.MAX_SAFE_INTEGER,
    // Allows errors with all their details.
    maxSendHeaderBlockLength: Number.MAX_SAFE_INTEGER,
  };
}

function createTlsServer({ cert, key, ca }: TlsMaterial, limits: ListenerLimits): http2.Http2SecureServer {
  const server = http2.createSecureServer({
    ...serverOptions(limits),
    cert,
    key,
    ...(ca !== undefined && { ca, requestCert: true, rejectUnauthorized: true }),
    handshakeTimeout: limits.headersTimeoutMs,
  });
  // Node emits this when a handshake failed or took too long, and leaves the connection open.
  server.on("tlsClientError", (_, socket) => socket.destroy());
  // Node also leaves it open when client and server agree on no protocol.
  server.on("unknownProtocol", (socket) => socket.destroy());
  return server;
}

/** Length of the preface that every HTTP/2 client sends first. */
const PREFACE_BYTES = 24;

function dropIfSilent(socket: Socket, timeoutMs: number): void {
  const timer = setTimeout(() => {
    if (socket.bytesRead < PREFACE_BYTES) socket.destroy();
  }, timeoutMs).unref();
  socket.once("close", () => clearTimeout(timer));
  socket.on("error", () => socket.destroy());
}
