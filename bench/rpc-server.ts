// One server of the RPC benchmark in its own process: `rpc-server.ts bare-grpc | mesh | bare-connect`. Sends
// its ports by IPC.
import { mkdtemp } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import {
  type EchoRequest,
  EchoRequestSchema,
  type EchoResponse,
  EchoResponseSchema,
  EchoService,
} from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { createLocalKeys, issueToken, LOCAL_AUDIENCE, LOCAL_ISSUER } from "@bellwether/mesh/auth/local-keys";
import { readPublicKeys } from "@bellwether/mesh/auth/public-keys";
import { startServer } from "@bellwether/mesh/server/start-server";
import { createLogger } from "@bellwether/telemetry/logger";
import { readOtelSettings } from "@bellwether/telemetry/otel-settings";
import { startTelemetry } from "@bellwether/telemetry/start-telemetry";
import { ECHO_ERRORS, echoRoute } from "@bellwether/testing/echo/echo-service";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import * as grpc from "@grpc/grpc-js";

/** Message to the benchmark, sent when the server listens. */
export interface ServerReady {
  readonly grpcPort?: number;
  readonly webPort?: number;
  /** Headers that callers must send to be authenticated. */
  readonly token?: string;
}

/** Starts a server of plain grpc-js: one unary handler and messages of protobuf-es. */
async function startBareGrpc(): Promise<ServerReady> {
  const server = new grpc.Server();
  const definition: grpc.ServiceDefinition = {
    echo: {
      path: "/bellwether.echo.v1.EchoService/Echo",
      requestStream: false,
      responseStream: false,
      requestSerialize: (message: EchoRequest) => Buffer.from(toBinary(EchoRequestSchema, message)),
      requestDeserialize: (bytes: Buffer) => fromBinary(EchoRequestSchema, bytes),
      responseSerialize: (message: EchoResponse) => {
        const bytes = toBinary(EchoResponseSchema, message);
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      },
      responseDeserialize: (bytes: Buffer) => fromBinary(EchoResponseSchema, bytes),
    },
  };
  const echo: grpc.handleUnaryCall<EchoRequest, EchoResponse> = ({ request }, answer) =>
    answer(null, create(EchoResponseSchema, { request, caller: "anonymous" }));
  server.addService(definition, { echo });
  const grpcPort = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
  return { grpcPort };
}

/**
 * Starts a server of the mesh package with all policies. It verifies tokens, and sends traces to a real endpoint.
 * OTEL_TRACES_SAMPLER_ARG is the share of calls that are traced.
 */
async function startMesh(): Promise<ServerReady> {
  const keys = await createLocalKeys(path.join(await mkdtemp(path.join(os.tmpdir(), "bellwether-bench-")), "keys"));
  const token = await issueToken(keys.privateKeyFile, { subject: "bench", roles: ["viewer"], lifetimeS: 3_600 });
  const settings = readOtelSettings(process.env);
  const telemetry = await startTelemetry({ serviceName: "bench", serviceVersion: "0", settings });
  const server = await startServer({
    name: "bench",
    ports: { grpc: 0, web: 0, admin: 0 },
    routes: [echoRoute()],
    errors: ECHO_ERRORS,
    logger: createLogger({ name: "bench", level: "silent" }),
    telemetry,
    // These limits are longer than the defaults: the load is a closed loop, whose queue would look like
    // overload on a busy machine. Rejected calls are cheaper than answers and would distort the figures.
    admission: { maxWaitMs: 1_000, overloadWaitMs: 1_000 },
    auth: {
      identities: {},
      tokens: {
        keys: await readPublicKeys(keys.publicKeysFile),
        issuer: LOCAL_ISSUER,
        audience: LOCAL_AUDIENCE,
        rolesClaim: "roles",
      },
    },
  });
  return { grpcPort: server.addresses.grpc.port, webPort: server.addresses.web.port, token };
}

/** Starts a server of plain connect-node with one handler. */
async function startBareConnect(): Promise<ServerReady> {
  const handler = connectNodeAdapter({
    routes: (router) => router.service(EchoService, { echo: (request) => ({ request, caller: "anonymous" }) }),
  });
  const server = http.createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return address !== null && typeof address === "object" ? { webPort: address.port } : {};
}

const SERVERS: Readonly<Record<string, () => Promise<ServerReady>>> = {
  "bare-grpc": startBareGrpc,
  mesh: startMesh,
  "bare-connect": startBareConnect,
};

const start = SERVERS[process.argv[2] ?? ""];
if (process.send && start) {
  process.send(await start());
  process.on("message", () => process.send?.(process.cpuUsage()));
  process.on("disconnect", () => process.exit());
}
