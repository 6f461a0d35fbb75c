import path from "node:path";
import { DEFAULT_PORTS } from "@bellwether/contract/default-ports";
import { env } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { acceptApiKeys } from "@bellwether/mesh/server/accept-api-keys";
import type { ServiceSpec } from "@bellwether/mesh/server/run-service";
import { peerSettings } from "@bellwether/mesh/server/server-env";
import { isStoreUrl } from "@bellwether/object-store/location/store-url";
import { REGISTRY_ENV, registryOfEnv } from "@bellwether/registry/open-registry";
import { createSchedulerService } from "./service.ts";
import { readFurtherModels } from "./setup/further-models.ts";
import { RUN_ENV, storeSettings, WEEKS_FOLDER, weeklyIngestLimits } from "./setup/run-env.ts";
import { SCHEDULE_ENV } from "./setup/schedule-env.ts";

const SCHEDULER_ENV = {
  ...SCHEDULE_ENV,
  ...RUN_ENV,
  ...REGISTRY_ENV,
  model: sharedEnv.model,
  modelFolders: sharedEnv.modelFolders,
  redisUrl: sharedEnv.redisUrl,
  apiKeysHold: sharedEnv.apiKeysHold,
  databaseUrl: sharedEnv.databaseUrl,
  auditCalls: sharedEnv.auditCalls,
  lockMs: env.durationMs("WEEKLY_JOB_LOCK", "30s", { min: "1s", max: "10m" }),
};

/** scheduler-service as a process: its environment variables, and how it starts with them. */
export const SCHEDULER_SERVICE: ServiceSpec<typeof SCHEDULER_ENV> = {
  name: "scheduler-service",
  version: "0.1.0",
  ports: DEFAULT_PORTS.SCHEDULER_SERVICE,
  shape: SCHEDULER_ENV,
  async start(config, { settings, logger, telemetry, opened }) {
    const queue = config.redisUrl ?? config.databaseUrl;
    if (queue === null)
      throw new Error("set REDIS_URL or DATABASE_URL: the jobs need a store; npx bellwether start brings its own");
    const calls = peerSettings(config);
    const keys = { opsUrl: config.opsUrl, calls, holdMs: config.apiKeysHold, log: logger };
    const auth = settings.auth && (await acceptApiKeys(settings.auth, keys, opened));
    const furtherModels = await readFurtherModels(config);
    if (furtherModels.length > 0) logger.info({ further: furtherModels.map(({ modelName }) => modelName) }, "models");
    return createSchedulerService({
      ...settings,
      ...(auth && { auth }),
      mlUrl: config.mlUrl,
      opsUrl: config.opsUrl,
      calls,
      modelConfig: config.modelConfig,
      featureMapping: config.featureMapping,
      riskPolicy: config.riskPolicy,
      weeksFolder: path.resolve(config.dataDir, WEEKS_FOLDER),
      registryRoot: registryOfEnv(config, process.cwd()),
      defaultModel: config.model,
      queueUrl: queue.reveal(),
      furtherModels,
      cron: config.cron,
      timeZone: config.timeZone,
      lockMs: config.lockMs,
      chunkRows: config.chunkRows,
      ingestLimits: weeklyIngestLimits(config),
      stores: storeSettings(config),
      inputFolder: isStoreUrl(config.inputFolder) ? config.inputFolder : path.resolve(config.inputFolder),
      input: config.input,
      inputMarker: config.inputMarker,
      inputDeadlineMs: config.inputDeadlineMs,
      inputCheckMs: config.inputCheckMs,
      erasureCareMs: config.erasureCareMs,
      lookBackMs: config.lookBackMs,
      auditCalls: config.auditCalls,
      logger,
      telemetry,
    });
  },
};
