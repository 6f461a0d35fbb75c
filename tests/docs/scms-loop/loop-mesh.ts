import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { loadConfigPair } from "@bellwether/config/config-pair";
import { loadScorecard } from "@bellwether/config/scorecard";
import { isoWeekEnd } from "@bellwether/contract/iso-week";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { OutcomeService } from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import { ModelPublishingService } from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { readSample } from "@bellwether/ingest/snapshot/snapshot-sample";
import { snapshotWeekly } from "@bellwether/ingest/snapshot/weekly-snapshot";
import { buildScorecard } from "@bellwether/risk-model/scorecard/build-scorecard";
import { createSchedulerService } from "@bellwether/scheduler-service/service";
import { publishModel } from "@bellwether/scoring/publish/publish-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { createLogger } from "@bellwether/telemetry/logger";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ROOT } from "../blocks.ts";
import { LOOK_MS, MODEL } from "./until.ts";

/** The week whose vendors the scorecard is published with: the last one before the replay. */
const DAY_ONE = "2008-W04";
const MAX_VENDORS = 1_000;
const EXAMPLE = path.join(ROOT, "config/examples/scms");

const at = (file: string): string => path.join(EXAMPLE, file);

/** The services of the loop. ops-service and ml-service are processes; scheduler-service is in this one, because its clock is set here. */
export type LoopMesh = Awaited<ReturnType<typeof startLoopMesh>>;

/** Starts PostgreSQL and the services, with the scorecard as the first version. @param input the file of deliveries @param now first time of the clock */
export async function startLoopMesh(input: string, now: Date) {
  await using starting = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-scms-loop-"));
  starting.defer(() => rm(folder, { recursive: true, force: true }));
  const registry = path.join(folder, "models");
  const weeksFolder = path.join(folder, "weeks");
  const files = {
    BELLWETHER_MODEL_CONFIG: at("model_config.yaml"),
    BELLWETHER_FEATURE_MAPPING: at("feature_mapping.yaml"),
    BELLWETHER_ALERT_RULES: at("alert_rules.yaml"),
    BELLWETHER_RISK_POLICY: at("risk_policy.yaml"),
    ...{ BELLWETHER_MODEL: MODEL, MODEL_REGISTRY_URL: `file:${registry}` },
  };
  const clock = { now };
  await publishScorecard(registry, path.dirname(input), now);
  const cluster = starting.use(await startPostgresCluster());
  const ml = starting.use(await startService("ml-service", files));
  const opsEnv = { ...files, DATABASE_URL: await cluster.createDatabase(), ML_SERVICE_URL: ml.grpc };
  const ops = starting.use(await startService("ops-service", opsEnv));
  const scheduler = starting.use(
    await createSchedulerService({
      ...{ modelConfig: at("model_config.yaml"), featureMapping: at("feature_mapping.yaml") },
      ...{ riskPolicy: at("risk_policy.yaml"), weeksFolder, registryRoot: registry, defaultModel: MODEL },
      ...{ mlUrl: ml.grpc, opsUrl: ops.grpc, queueUrl: await cluster.createDatabase() },
      ...{ cron: "0 6 * * 1", timeZone: "UTC", inputFolder: path.dirname(input), input: path.basename(input) },
      ...{ lookBackMs: 0, retrainCheckMs: LOOK_MS, ports: { grpc: 0, web: 0, admin: 0 } },
      now: () => clock.now,
      logger: createLogger({ name: "scheduler-service", level: "silent" }),
    }),
  );
  const channel = (baseUrl: string) => createGrpcTransport({ baseUrl });
  const ofScheduler = channel(`http://127.0.0.1:${scheduler.addresses.grpc.port}`);
  const started = starting.move();
  return {
    ...{ clock, registry, weeksFolder },
    schedule: createClient(ScheduleService, ofScheduler),
    publishing: createClient(ModelPublishingService, ofScheduler),
    models: createClient(ModelRegistryService, channel(ml.grpc)),
    batch: createClient(BatchService, channel(ops.grpc)),
    alerts: createClient(AlertService, channel(ops.grpc)),
    outcomes: createClient(OutcomeService, channel(ops.grpc)),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/**
 * Publishes the scorecard of the example as `bellwether scorecard publish --input` does, at a time of the past: with the vendors of
 * DAY_ONE, with which later months are compared.
 */
async function publishScorecard(registry: string, input: string, now: Date): Promise<void> {
  const pair = await loadConfigPair(at("model_config.yaml"), at("feature_mapping.yaml"));
  const { model, configHash } = pair;
  const outParquet = path.join(path.dirname(registry), "day-one.parquet");
  await snapshotWeekly({ ...pair, input, outParquet, run: { week: DAY_ONE, asOf: isoWeekEnd(DAY_ONE) } });
  const { numbers, categories, supplierIds } = await readSample(outParquet, MAX_VENDORS);
  const table = { rows: supplierIds.length, supplierIds, numbers, categories, texts: null };
  const scorecard = await loadScorecard(at("scorecard.yaml"), model);
  const built = await buildScorecard({ model, scorecard, configHash, runOnnx, table });
  const { onnx, bundleJson, modelCard, importanceRows } = built;
  await publishModel(
    registry,
    {
      ...{ modelName: model.name, origin: "scorecard", configHash, onnx, bundleJson, modelCard, importanceRows },
      ...{ evaluation: null, now, builder: "npm run scms" },
    },
    { setBy: "npm run scms", reason: "points before any outcome is known" },
  );
}
