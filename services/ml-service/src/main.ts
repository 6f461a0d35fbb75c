import { env, readEnv } from "@bellwether/config/env";
import { serverEnv, serverSettings } from "@bellwether/mesh/server-env";
import { registryRoot } from "@bellwether/registry/layout";
import { createLogger } from "@bellwether/telemetry/logger";
import { readOtelSettings } from "@bellwether/telemetry/otel-settings";
import { startTelemetry } from "@bellwether/telemetry/start-telemetry";
import { createMlService } from "./service.ts";

try {
  const config = readEnv(process.env, {
    ...serverEnv("ML_SERVICE", { grpc: 9081, web: 8081, admin: 9481 }),
    registry: env.text("MODEL_REGISTRY_URL", { pattern: /^.{1,4096}$/, expected: "file:FOLDER" }, "file:models"),
    model: env.text(
      "BELLWETHER_MODEL",
      { pattern: /^[a-z0-9][a-z0-9-]{0,63}$/, expected: "a model name" },
      "supplier-risk",
    ),
    level: env.choice("BELLWETHER_LOG_LEVEL", ["debug", "info", "warn", "error", "silent"], "info"),
  });
  const telemetry = await startTelemetry({
    serviceName: "ml-service",
    serviceVersion: "0.1.0",
    settings: readOtelSettings(process.env),
  });
  const service = await createMlService({
    ...(await serverSettings(config)),
    registryRoot: registryRoot(config.registry, process.cwd()),
    defaultModel: config.model,
    pollMs: 1_000,
    logger: createLogger({ name: "ml-service", level: config.level }),
    telemetry,
  });
  const stop = () =>
    service
      .stop()
      .then(() => telemetry[Symbol.asyncDispose]())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  process.once("SIGINT", stop).once("SIGTERM", stop);
  // started by a parent that waits for the addresses: it must not be outlived
  process.once("disconnect", stop).send?.({ addresses: service.addresses });
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
