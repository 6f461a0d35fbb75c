import path from "node:path";
import { env } from "@bellwether/env/env";
import type { ServiceSpec } from "@bellwether/mesh/server/run-service";
import { registryRoot } from "@bellwether/registry/layout";
import { AUDIT_SINK, openAuditSink } from "./audit/audit-sink.ts";
import { createMlService } from "./service.ts";

const ML_ENV = {
  registry: env.text("MODEL_REGISTRY_URL", { pattern: /^.{1,4096}$/, expected: "file:FOLDER" }, "file:models"),
  model: env.text(
    "BELLWETHER_MODEL",
    { pattern: /^[a-z0-9][a-z0-9-]{0,63}$/, expected: "a model name" },
    "supplier-risk",
  ),
  pollMs: env.durationMs("ML_SERVICE_POLL_INTERVAL", "1s", { min: "100ms", max: "1h" }),
  scoringThreads: env.optional(env.integer("SCORING_THREADS", { min: 1, max: 256 })),
  auditSink: env.text("BELLWETHER_AUDIT_SINK", AUDIT_SINK, "ops"),
  opsUrl: env.url("OPS_SERVICE_URL", ["http", "https", "dns", "ipv4"], "http://127.0.0.1:9080"),
  dataDir: env.path("BELLWETHER_DATA_DIR", ".bellwether"),
};

/** ml-service as a process: its variables, and how it starts from them. */
export const ML_SERVICE: ServiceSpec<typeof ML_ENV> = {
  name: "ml-service",
  version: "0.1.0",
  ports: { grpc: 9081, web: 8081, admin: 9481 },
  shape: ML_ENV,
  async start(config, { settings, logger, telemetry }) {
    const audit = await openAuditSink({
      sink: config.auditSink,
      ops: { url: config.opsUrl, access: config },
      spoolFolder: path.join(config.dataDir, "audit", "ml-service"),
      logger,
    });
    return createMlService({
      ...settings,
      registryRoot: registryRoot(config.registry, process.cwd()),
      defaultModel: config.model,
      pollMs: config.pollMs,
      scoringThreads: config.scoringThreads ?? undefined,
      audit,
      logger,
      telemetry,
    });
  },
};
