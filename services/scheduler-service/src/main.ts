import path from "node:path";
import { env, readEnv } from "@bellwether/env/env";
import { runService } from "@bellwether/mesh/server/run-service";
import { peerSettings, serverEnv, serverSettings } from "@bellwether/mesh/server/server-env";
import { registryRoot } from "@bellwether/registry/layout";
import { createLogger } from "@bellwether/telemetry/logger";
import { readOtelSettings } from "@bellwether/telemetry/otel-settings";
import { startTelemetry } from "@bellwether/telemetry/start-telemetry";
import { createSchedulerService } from "./service.ts";
import { WEEKLY_ENV, WEEKS_FOLDER } from "./setup/weekly-env.ts";

const TIME_ZONE = {
  pattern: new RegExp(`^(?:UTC|${Intl.supportedValuesOf("timeZone").join("|").replaceAll("+", "\\+")})$`),
  expected: "an IANA time zone such as Europe/Berlin",
};

const code = await runService(async (opened) => {
  const config = readEnv(process.env, {
    ...serverEnv("SCHEDULER_SERVICE", { grpc: 9082, web: 8082, admin: 9482 }),
    ...WEEKLY_ENV,
    registry: env.text("MODEL_REGISTRY_URL", { pattern: /^.{1,4096}$/, expected: "file:FOLDER" }, "file:models"),
    model: env.text(
      "BELLWETHER_MODEL",
      { pattern: /^[a-z0-9][a-z0-9-]{0,63}$/, expected: "a model name" },
      "supplier-risk",
    ),
    redisUrl: env.optional(env.secretUrl("REDIS_URL", ["redis", "rediss"])),
    databaseUrl: env.optional(env.secretUrl("DATABASE_URL", ["postgres", "postgresql"])),
    cron: env.text(
      "WEEKLY_CRON",
      { pattern: /^\S+( \S+){4}$/, expected: 'a cron pattern of five fields such as "0 6 * * 1"' },
      "0 6 * * 1",
    ),
    timeZone: env.text("WEEKLY_TIME_ZONE", TIME_ZONE, "UTC"),
    lockMs: env.durationMs("WEEKLY_JOB_LOCK", "30s", { min: "1s", max: "10m" }),
    inputFolder: env.path("WEEKLY_INPUT_FOLDER", "."),
    input: env.path("WEEKLY_INPUT", "new_data_weekly.csv"),
    level: env.choice("BELLWETHER_LOG_LEVEL", ["debug", "info", "warn", "error", "silent"], "info"),
  });
  const queue = config.redisUrl ?? config.databaseUrl;
  if (queue === null) throw new Error("set REDIS_URL or DATABASE_URL: the jobs need a place; npm start brings its own");
  const telemetry = opened.use(
    await startTelemetry({
      serviceName: "scheduler-service",
      serviceVersion: "0.1.0",
      settings: readOtelSettings(process.env),
    }),
  );
  return opened.use(
    await createSchedulerService({
      ...(await serverSettings(config)),
      mlUrl: config.mlUrl,
      opsUrl: config.opsUrl,
      calls: peerSettings(config),
      modelConfig: config.modelConfig,
      featureMapping: config.featureMapping,
      weeksFolder: path.resolve(config.dataDir, WEEKS_FOLDER),
      registryRoot: registryRoot(config.registry, process.cwd()),
      defaultModel: config.model,
      queueUrl: queue.reveal(),
      cron: config.cron,
      timeZone: config.timeZone,
      lockMs: config.lockMs,
      inputFolder: path.resolve(config.inputFolder),
      input: config.input,
      logger: createLogger({ name: "scheduler-service", level: config.level }),
      telemetry,
    }),
  );
});
process.exit(code);
