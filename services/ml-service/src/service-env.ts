import path from "node:path";
import { listModelFolders } from "@bellwether/config/list-model-folders";
import { DEFAULT_PORTS } from "@bellwether/contract/default-ports";
import { env } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { KAFKA_ENV, readKafkaSettings, TOPIC } from "@bellwether/event-sinks/kafka/kafka-env";
import { toCloneable } from "@bellwether/event-sinks/kafka/kafka-settings";
import { collectStartGarbage } from "@bellwether/mesh/call/young-garbage";
import { acceptApiKeys } from "@bellwether/mesh/server/accept-api-keys";
import type { ServiceSpec } from "@bellwether/mesh/server/run-service";
import { peerSettings } from "@bellwether/mesh/server/server-env";
import { NARRATIVE_ENV } from "@bellwether/narrative/env/narrative-env";
import { openNarrator } from "@bellwether/narrative/env/open-narrator";
import { REGISTRY_ENV, registryOfEnv } from "@bellwether/registry/open-registry";
import type { ServiceContract } from "@bellwether/scoring/model/service-contract";
import { openAuditSink } from "./audit/audit-sink.ts";
import { AUDIT_SINK } from "./audit/sink-list.ts";
import { createMlService, RELEASE } from "./service.ts";

/** Default of the largest size of copies of registry files: four versions of the largest size, at least. */
const DEFAULT_CACHE_BYTES = 2 ** 30;

/** Limits of calls to an object store. The polls and the callers of RPCs wait for them. */
const STORE_LIMITS = { silenceMs: 10_000, callMs: 20_000, attempts: 4 };

const ML_ENV = {
  ...REGISTRY_ENV,
  registryCacheBytes: env.integer(
    "MODEL_REGISTRY_CACHE_BYTES",
    { min: 2 ** 20, max: 2 ** 43, unit: "bytes" },
    DEFAULT_CACHE_BYTES,
  ),
  model: sharedEnv.model,
  modelFolders: sharedEnv.modelFolders,
  pollMs: env.durationMs("ML_SERVICE_POLL_INTERVAL", "1s", { min: "100ms", max: "1h" }),
  contract: env.optional(env.path("ML_SERVICE_MODEL_CONFIG")),
  maxRowMs: env.durationMs("ML_SERVICE_ROW_LIMIT", "250ms", { min: "1ms", max: "10s" }),
  scoringThreads: sharedEnv.scoringThreads,
  shadowShare: env.number("SHADOW_SHARE", { min: 0, max: 1 }, 0),
  shadowCpu: env.number("SHADOW_CPU", { min: 0.01, max: 1 }, 0.25),
  auditSink: env.text("BELLWETHER_AUDIT_SINK", AUDIT_SINK, "ops"),
  auditInput: env.choice("BELLWETHER_AUDIT_INPUT", ["values", "digest"], "values"),
  callsTopic: env.text("KAFKA_CALLS_TOPIC", TOPIC, "bellwether.calls"),
  ...KAFKA_ENV,
  opsUrl: sharedEnv.opsUrl,
  dataDir: sharedEnv.dataDir,
  apiKeysHold: sharedEnv.apiKeysHold,
  ...NARRATIVE_ENV,
};

/** ml-service as a process: reads its environment variables and starts it with them. */
export const ML_SERVICE: ServiceSpec<typeof ML_ENV> = {
  name: "ml-service",
  version: RELEASE,
  ports: DEFAULT_PORTS.ML_SERVICE,
  shape: ML_ENV,
  async start(config, { settings, logger, telemetry, opened }) {
    const calls = peerSettings(config);
    const keys = { opsUrl: config.opsUrl, calls, holdMs: config.apiKeysHold, log: logger };
    const auth = settings.auth && (await acceptApiKeys(settings.auth, keys, opened));
    const audit = await openAuditSink({
      sink: config.auditSink,
      ops: { url: config.opsUrl, access: config },
      kafka: () => ({
        topic: config.callsTopic,
        connection: toCloneable(readKafkaSettings(config, "BELLWETHER_AUDIT_SINK", "bellwether-ml-service")),
      }),
      spoolFolder: path.join(config.dataDir, "audit", "ml-service"),
      logger,
    });
    const narrator = await openNarrator(config, logger);
    const server = await createMlService({
      ...settings,
      ...(auth && { auth }),
      registryRoot: registryOfEnv(config, process.cwd(), STORE_LIMITS),
      registryCache: { folder: path.resolve(config.dataDir, "model-cache"), maxBytes: config.registryCacheBytes },
      defaultModel: config.model,
      furtherModels: await listModelFolders(config.modelFolders),
      pollMs: config.pollMs,
      contract: config.contract === null ? null : await readContract(path.resolve(config.contract)),
      maxRowMs: config.maxRowMs,
      scoringThreads: config.scoringThreads ?? undefined,
      shadow: { share: config.shadowShare, maxCpu: config.shadowCpu },
      audit,
      auditsInput: config.auditInput === "values",
      narrator,
      logger,
      telemetry,
    });
    // A model that is loaded and checked leaves the most garbage. The other services need the CPU time more than
    // the memory: their young generation would have to grow again during the first weekly run. The service is ready
    // before, because the first callers come later.
    setImmediate(collectStartGarbage).unref();
    return server;
  },
};

/** Reads model_config.yaml. The parser of YAML is loaded only for it: a service without the file starts sooner. */
async function readContract(file: string): Promise<ServiceContract> {
  const [{ parseModelConfig }, { readYaml }] = await Promise.all([
    import("@bellwether/config/model-config"),
    import("@bellwether/config/yaml-file"),
  ]);
  return parseModelConfig(await readYaml(file));
}
