import http from "node:http";
import http2 from "node:http2";
import type { Socket } from "node:net";
import type { Peer } from "../call/call.ts";
import { manageConnections } from "../listener/connections.ts";
import { createFairTurns } from "../listener/fair-turns.ts";
import { headerBytes, headersTooLarge } from "../listener/header-size.ts";
import { type Address, listen, type TlsMaterial } from "../listener/listen.ts";
import type { Listener } from "../listener/listener.ts";
import { HEADER_HEADROOM, type ListenerLimits } from "../listener/listener-limits.ts";
import { RESET_FRAMES } from "../listener/stream-ends.ts";
import { answerClientError, rejectConnect } from "./client-error.ts";
import { closeAfterEarlyResponse } from "./early-response.ts";
import { sendRejection, shown } from "./http-rejection.ts";
import { makeRoom } from "./make-room.ts";
import { oneAtATime } from "./pipelined-requests.ts";
import { authorityViolation } from "./request-authority.ts";
import { identify } from "./request-ids.ts";
import { toOriginForm } from "./request-target.ts";
import type { WebRequest, WebResponse } from "./web-handler.ts";

const NOTHING = (): void => {};

type Answer = (request: WebRequest, response: WebResponse) => void;

export interface HttpListenerOptions {
  /** The listener's name in a ListenError. */
  readonly name: string;
  readonly address: Address;
  readonly limits: ListenerLimits;
  readonly tls?: TlsMaterial;
  readonly answer: Answer;
  /** Called with the peer of a connection that has reached its age limit; ends its watches. */
  readonly onAged?: (peer: Peer) => void;
  /** Whether HTTP/1.0 requests must have a Host header too. */
  readonly needsHost: boolean;
  /**
   * True: at `maxConnections` a new connection closes an older one (`makeRoom`). Default: the new connection
   * is closed.
   */
  readonly makesRoom?: boolean;
  /** Called with an error that `answer` threw; the request has been answered. */
  readonly onThrow: (error: unknown) => void;
}

/** Listens for HTTP/1.1 in clear text, or for HTTP/1.1 and HTTP/2 under TLS. @throws ListenError */
export async function openHttpListener(options: HttpListenerOptions): Promise<Listener> {
  const { name, address, limits, tls, onAged, makesRoom: closesOlder = false } = options;
  const answer = oneAtATime(guarded(options));
  const server = tls ? createTlsServer(tls, limits, answer) : createClearServer(limits, answer);
  server.on("checkExpectation", rejectExpectation);
  if (!tls) server.on("connect", rejectConnect);
  const connections = manageConnections(server, limits, onAged);
  if (closesOlder) makeRoom(server, limits.maxConnections);
  return { address: await listen(server, name, address), drain: connections.drain };
}

/**
 * An error that an event listener throws would end the process: a request that cannot be answered is rejected
 * instead.
 */
function guarded({ answer, needsHost, limits, onThrow }: HttpListenerOptions): Answer {
  const { maxHeaderBytes } = limits;
  return (request, response) => {
    try {
      identify(request, response);
      closeAfterEarlyResponse(request, response);
      // For HTTP/1.1 the parser has already checked the size.
      if ("stream" in request && headerBytes(request.rawHeaders) > maxHeaderBytes) {
        sendRejection(response, 431, headersTooLarge(maxHeaderBytes));
        return;
      }
      const encoding = request.headers["transfer-encoding"];
      if (encoding !== undefined && encoding.toLowerCase() !== "chunked") {
        const text = `the transfer-encoding ${shown(encoding)} is not supported: use chunked, and content-encoding: gzip`;
        sendRejection(response, 501, text, { field: "transfer-encoding" });
        return;
      }
      const violation = authorityViolation(request, needsHost) ?? toOriginForm(request);
      if (violation === undefined) answer(request, response);
      else sendRejection(response, 400, violation);
    } catch (error) {
      onThrow(error);
      abandon(request, response);
    }
  };
}

/** Answers a request with an `Expect` header other than 100-continue; Node itself answers without a reason. */
function rejectExpectation(request: WebRequest, response: WebResponse): void {
  identify(request, response);
  const expectation = shown(String(request.headers.expect));
  sendRejection(response, 417, `the expectation ${expectation} is not known: leave out the header Expect`, {
    field: "expect",
  });
}

/**
 * Answers 500 if nothing has been sent yet; otherwise ends the connection (HTTP/1.1) or the stream (HTTP/2).
 */
function abandon(request: WebRequest, response: WebResponse): void {
  try {
    if (!response.headersSent) {
      sendRejection(response, 500, "internal error");
      return;
    }
  } catch {
    // The 500 answer cannot be written either.
  }
  request.destroy();
}

function createClearServer(limits: ListenerLimits, answer: Answer): http.Server {
  const options = {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.bodyTimeoutMs),
    requestTimeout: limits.bodyTimeoutMs,
    keepAliveTimeout: limits.connectionIdleMs,
    connectionsCheckingInterval: checkingInterval(limits),
    noDelay: true,
    // `guarded` checks the header and answers with a reason.
    requireHostHeader: false,
    highWaterMark: READ_AHEAD_BYTES,
  };
  return http.createServer(options, answer).on("clientError", answerClientError(limits.maxHeaderBytes));
}

/** Number of bytes that Node reads from a connection in advance. Node's default is 64 KiB. */
const READ_AHEAD_BYTES = 16 * 1024;

/**
 * Returns the interval at which Node is to check the time limits of headers and bodies, ms. Node's default is
 * 30 s.
 */
function checkingInterval({ headersTimeoutMs }: ListenerLimits): number {
  return Math.min(1_000, headersTimeoutMs);
}

function createTlsServer(
  { cert, key, ca }: TlsMaterial,
  limits: ListenerLimits,
  answer: Answer,
): http2.Http2SecureServer {
  const server = http2.createSecureServer(
    {
      cert,
      key,
      // Browsers have no client certificate, so this listener requests one and does not require it.
      ...(ca !== undefined && { ca, requestCert: true, rejectUnauthorized: false }),
      allowHTTP1: true,
      handshakeTimeout: limits.headersTimeoutMs,
      ...RESET_FRAMES,
      settings: { maxConcurrentStreams: limits.maxStreams, maxHeaderListSize: limits.maxHeaderBytes * HEADER_HEADROOM },
    },
    afterTurn(answer),
  );
  // Options of http.createServer that http2 reads as properties of the server, for its HTTP/1.1 connections.
  Object.assign(server, {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.bodyTimeoutMs),
    requestTimeout: limits.bodyTimeoutMs,
    keepAliveTimeout: limits.connectionIdleMs,
    connectionsCheckingInterval: checkingInterval(limits),
    requireHostHeader: false,
  });
  // Node passes bytes to its HTTP/1.1 parser without the socket's stream, under TLS even after it has paused
  // the parser. A client that sends another request while a large answer is being written would then lose its
  // connection ("Parse Error: Paused"). With a "data" listener Node reads through the stream.
  server.on("secureConnection", (socket: Socket) => socket.on("data", NOTHING));
  server.on("clientError", answerClientError(limits.maxHeaderBytes));
  server.on("session", (session) => {
    const silent = setTimeout(() => session.destroy(), limits.headersTimeoutMs).unref();
    session.once("stream", () => clearTimeout(silent)).once("close", () => clearTimeout(silent));
  });
  return server;
}

/**
 * Handles a stream in a later iteration of the event loop, in turns with other connections, and only if the client
 * has not reset it by then. A reset in the same packet therefore costs almost nothing.
 */
function afterTurn(answer: Answer): Answer {
  const turns = createFairTurns();
  return (request, response) => {
    if (!("stream" in request)) return answer(request, response);
    turns.add(request.stream.session ?? request, () => {
      if (!request.stream.destroyed) answer(request, response);
    });
  };
}
