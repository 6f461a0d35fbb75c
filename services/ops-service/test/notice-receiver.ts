import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type net from "node:net";

/** A request that a receiver got. */
export interface ReceivedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A receiver of notices on this machine. */
export interface Receiver extends AsyncDisposable {
  /** URL with a path, for example http://127.0.0.1:8080/hooks/1. */
  readonly url: string;
  readonly port: number;
  readonly received: readonly ReceivedRequest[];
  /** Number of connections that were opened, also without a request. */
  readonly connections: () => number;
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

interface ReceiverOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Starts an HTTP server that records each request and then answers it. */
export async function startReceiver(answer: Answer, { tls }: ReceiverOptions = {}): Promise<Receiver> {
  const received: ReceivedRequest[] = [];
  const onRequest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    received.push({ path: request.url ?? "", headers, body });
    answer(response, request);
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    onRequest(request, response).catch(() => {});
  };
  const server = tls ? https.createServer(tls, listener) : http.createServer(listener);
  const started = await listenLocally(server);
  return {
    ...started,
    url: `${tls ? "https" : "http"}://${tls ? "localhost" : "127.0.0.1"}:${started.port}/hooks/T0SECRET/B0SECRET`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await started[Symbol.asyncDispose]();
    },
  };
}

/** Starts a server on a free port of 127.0.0.1 and counts its connections. */
export async function listenLocally(server: net.Server) {
  let connections = 0;
  const open = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) => {
    connections++;
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return {
    port: address.port,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
