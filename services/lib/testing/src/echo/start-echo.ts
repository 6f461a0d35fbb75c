import { Writable } from "node:stream";
import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { createMeshTransport, type MeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { type RunningServer, type ServerOptions, startServer } from "@bellwether/mesh/server/start-server";
import { createLogger } from "@bellwether/telemetry/logger";
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { ECHO_ERRORS, type EchoObserver, echoRoute } from "./echo-service.ts";

/** An echo server on free ports of the loopback address. */
export interface EchoServer extends AsyncDisposable {
  readonly server: RunningServer;
  readonly grpcUrl: string;
  readonly webUrl: string;
  readonly adminUrl: string;
  /** The server's log lines, parsed. */
  readonly logged: Record<string, unknown>[];
}

export async function startEcho(
  options: Partial<ServerOptions> & { observer?: EchoObserver } = {},
): Promise<EchoServer> {
  const logged: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(line, _, done) {
      logged.push(JSON.parse(String(line)));
      done();
    },
  });
  const server = await startServer({
    name: "echo",
    ports: { grpc: 0, web: 0, admin: 0 },
    routes: [echoRoute(options.observer)],
    errors: ECHO_ERRORS,
    logger: createLogger({ name: "echo", destination }),
    ...options,
  });
  const { grpc, web, admin } = server.addresses;
  const scheme = options.tls ? "https" : "http";
  return {
    server,
    grpcUrl: `${scheme}://localhost:${grpc.port}`,
    webUrl: `${scheme}://localhost:${web.port}`,
    adminUrl: `http://localhost:${admin.port}`,
    logged,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** Clients of every kind that a clear-text server supports, by name. */
export const CLEAR_TEXT_CLIENTS: Readonly<Record<string, (echo: EchoServer) => Transport>> = {
  "gRPC (mesh)": ({ grpcUrl }) => createMeshTransport({ url: grpcUrl }),
  "gRPC (connect-node)": ({ grpcUrl }) => createGrpcTransport({ baseUrl: grpcUrl }),
  Connect: ({ webUrl }) => createConnectTransport({ baseUrl: webUrl, httpVersion: "1.1" }),
  "Connect JSON": ({ webUrl }) =>
    createConnectTransport({ baseUrl: webUrl, httpVersion: "1.1", useBinaryFormat: false }),
  "gRPC-Web": ({ webUrl }) => createGrpcWebTransport({ baseUrl: webUrl, httpVersion: "1.1" }),
};

/** One client for each listener, for tests of policies. */
export const LISTENER_CLIENTS: Readonly<Record<string, (echo: EchoServer, zip?: Compression) => Transport>> = {
  gRPC: ({ grpcUrl }, zip) => createGrpcTransport({ baseUrl: grpcUrl, ...(zip && zipping(zip)) }),
  web: ({ webUrl }, zip) => createConnectTransport({ baseUrl: webUrl, httpVersion: "1.1", ...(zip && zipping(zip)) }),
};

function zipping(compression: Compression) {
  return { sendCompression: compression, compressMinBytes: 1 };
}

export type EchoClient = Client<typeof EchoService>;

export function echoClient(transport: Transport): EchoClient {
  return createClient(EchoService, transport);
}

/** Returns a mesh client that is closed at the end of its scope. */
export function meshClient(
  url: string,
  options: Partial<Parameters<typeof createMeshTransport>[0]> = {},
): EchoClient & { transport: MeshTransport } & Disposable {
  const transport = createMeshTransport({ url, ...options });
  return Object.assign(echoClient(transport), { transport, [Symbol.dispose]: () => transport.close() });
}

/** Collects all messages of a stream. */
export async function collect<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

/** Makes a stream of the given messages. */
export async function* streamOf<T>(...messages: T[]): AsyncGenerator<T> {
  yield* messages;
}

/** Waits until `condition` returns true. @throws Error after 60 s, which names `what` */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited 60 s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
