// An echo server in a process of its own, to be stopped, killed and flooded: `replica.ts JSON` with ports, TLS files and mode.
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
  /** PEM files for TLS at both doors. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Answers every call with UNAVAILABLE. */
  readonly failing?: boolean;
  /** With telemetry as the environment's OTEL_* ask for it. */
  readonly traced?: boolean;
}

export interface ReplicaReady {
  readonly grpcPort: number;
  readonly webPort: number;
}

export interface ReplicaStats {
  /** Handlers begun, by RPC. */
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
  // A closed loop on a busy machine would look like overload, and a refusal is cheaper than an answer.
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
