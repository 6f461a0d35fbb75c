// An echo server in its own process, which scenarios stop, kill and flood: `replica.ts JSON` with
// ReplicaOptions.
import { readFileSync } from "node:fs";
import { rpcError } from "@bellwether/mesh/errors/rpc-error";
import { startServer } from "@bellwether/mesh/server/start-server";
import { createLogger } from "@bellwether/telemetry/logger";
import { readOtelSettings } from "@bellwether/telemetry/otel-settings";
import { startTelemetry } from "@bellwether/telemetry/start-telemetry";
import { ECHO_ERRORS, echoRoute } from "@bellwether/testing/echo/echo-service";
import { Code } from "@connectrpc/connect";

export interface ReplicaOptions {
  readonly grpcPort: number;
  /** Paths of PEM files for TLS at both listeners. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Whether every call is answered with UNAVAILABLE. */
  readonly failing?: boolean;
  /** Whether telemetry is on, with the OTEL_* settings of the environment. */
  readonly traced?: boolean;
}

export interface ReplicaReady {
  readonly grpcPort: number;
  readonly webPort: number;
}

export interface ReplicaStats {
  /** Number of handlers begun, by RPC. */
  readonly started: Readonly<Record<string, number>>;
  readonly rssBytes: number;
}

const options: ReplicaOptions = JSON.parse(process.argv[2] ?? "{}");
const started: Record<string, number> = {};
const observer = {
  started(method: string): void {
    started[method] = (started[method] ?? 0) + 1;
    if (options.failing) throw rpcError(Code.Unavailable, "ASKED_TO_FAIL", "this replica always fails");
  },
  ended: (): void => {},
};
const telemetry = options.traced
  ? await startTelemetry({ serviceName: "replica", serviceVersion: "0", settings: readOtelSettings(process.env) })
  : undefined;
const server = await startServer({
  name: "replica",
  ports: { grpc: options.grpcPort, web: 0, admin: 0 },
  routes: [echoRoute(observer)],
  errors: ECHO_ERRORS,
  logger: createLogger({ name: "replica", level: "silent" }),
  // On a busy machine a closed loop would count as overload. A rejection costs less than an answer and would
  // lower the mean.
  ...(telemetry && { telemetry, admission: { maxWaitMs: 1_000, overloadWaitMs: 1_000 } }),
  ...(options.tls && {
    tls: { cert: readFileSync(options.tls.cert, "utf8"), key: readFileSync(options.tls.key, "utf8") },
  }),
});
process.once("SIGTERM", () =>
  server
    .stop()
    .then(() => telemetry?.stop())
    .then(() => process.exit(0)),
);
process.once("disconnect", () => process.exit(0));
process.on("message", () => {
  globalThis.gc?.();
  const stats: ReplicaStats = { started, rssBytes: process.memoryUsage.rss() };
  process.send?.(stats);
});
const { grpc, web } = server.addresses;
process.send?.({ grpcPort: grpc.port, webPort: web.port } satisfies ReplicaReady);
