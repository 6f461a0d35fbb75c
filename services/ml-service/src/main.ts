import path from "node:path";
import { env, readEnv } from "@bellwether/env/env";
import { runService } from "@bellwether/mesh/server/run-service";
import { serverEnv, serverSettings } from "@bellwether/mesh/server/server-env";
import { registryRoot } from "@bellwether/registry/layout";
import { createLogger } from "@bellwether/telemetry/logger";
import { readOtelSettings } from "@bellwether/telemetry/otel-settings";
import { startTelemetry } from "@bellwether/telemetry/start-telemetry";
import { AUDIT_SINK, openAuditSink } from "./audit/audit-sink.ts";
import { createMlService } from "./service.ts";

const code = await runService(async (opened) => {
  const config = readEnv(process.env, {
    ...serverEnv("ML_SERVICE", { grpc: 9081, web: 8081, admin: 9481 }),
    registry: env.text("MODEL_REGISTRY_URL", { pattern: /^.{1,4096}$/, expected: "file:FOLDER" }, "file:models"),
    model: env.text(
      "BELLWETHER_MODEL",
      { pattern: /^[a-z0-9][a-z0-9-]{0,63}$/, expected: "a model name" },
      "supplier-risk",
    ),
    scoringThreads: env.optional(env.integer("SCORING_THREADS", { min: 1, max: 256 })),
    auditSink: env.text("BELLWETHER_AUDIT_SINK", AUDIT_SINK, "ops"),
    opsUrl: env.url("OPS_SERVICE_URL", ["http", "https", "dns", "ipv4"], "http://127.0.0.1:9080"),
    dataDir: env.path("BELLWETHER_DATA_DIR", ".bellwether"),
    level: env.choice("BELLWETHER_LOG_LEVEL", ["debug", "info", "warn", "error", "silent"], "info"),
  });
  const settings = await serverSettings(config);
  const telemetry = opened.use(
    await startTelemetry({
      serviceName: "ml-service",
      serviceVersion: "0.1.0",
      settings: readOtelSettings(process.env),
    }),
  );
  const logger = createLogger({ name: "ml-service", level: config.level });
  const audit = await openAuditSink({
    sink: config.auditSink,
    ops: { url: config.opsUrl, access: config },
    spoolFolder: path.join(config.dataDir, "audit", "ml-service"),
    logger,
  });
  return opened.use(
    await createMlService({
      ...settings,
      registryRoot: registryRoot(config.registry, process.cwd()),
      defaultModel: config.model,
      pollMs: 1_000,
      scoringThreads: config.scoringThreads ?? undefined,
      audit,
      logger,
      telemetry,
    }),
  );
});
process.exit(code);
