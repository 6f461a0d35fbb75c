import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { runNode } from "@bellwether/testing/node-process";
import type { ServiceName } from "@bellwether/testing/service-process";
import { startTraced, tracedTo } from "./traced-service.ts";

/** Values that no span may contain. Each is in the data that passes through the services. */
export const CANARIES = {
  supplierId: "CANARY-SUPPLIER",
  displayName: "Canary Holdings",
  region: "canary-region",
  contractText: "canarylike indemnification clause",
  brokenNumber: "canary-number",
  feature: 0.7305127411,
  token: "canary.bearer.token",
};

const FEATURES = "[past_disputes, financial_stability_index, avg_payment_delay_days, delivery_score, region]";
const COLUMNS =
  "{ supplier_id: text, name: text, past_disputes: number, financial_stability_index: number, avg_payment_delay_days: number, delivery_score: number, region: text, contract_text: text }";
const ROWS = `supplier_id: supplier_id, features: ${FEATURES}, text: contract_text`;

const MODEL_CONFIG = `version: 1
name: supplier-risk
features:
  - { name: past_disputes, kind: numeric, unit: units, range: [0, 1000] }
  - { name: financial_stability_index, kind: numeric, unit: units, range: [0, 1000] }
  - { name: avg_payment_delay_days, kind: numeric, unit: units, range: [0, 1000] }
  - { name: delivery_score, kind: numeric, unit: units, range: [0, 1000] }
  - { name: region, kind: category }
text: { name: contract_text, max_terms: 20 }
target: { name: high_risk, risk_class: high_risk, other_class: low_risk }
bands: { high: 0.7, medium: 0.4 }
minimum_present: 0.4
trainer: { kind: random_forest, trees: 10, max_depth: 0, min_leaf: 1, column_sample: 1 }
split: { by: supplier }
seed: 1
`;
const FEATURE_MAPPING = `version: 1
sources:
  suppliers: { file: suppliers.csv, columns: ${COLUMNS} }
rows: { from: suppliers, ${ROWS} }
label: select supplier_id, 1 as high_risk from suppliers
weekly:
  form: flat
  source: { file: week.csv, columns: ${COLUMNS} }
  rows: { ${ROWS}, attributes: { display_name: name, region: region, exposure: past_disputes * 100 } }
`;

/** Returns the text of a weekly file. Every `breakEvery`-th row has a text instead of a number. */
function weekCsv(rows: number, breakEvery: number): string {
  const { supplierId, displayName, region, contractText, brokenNumber, feature } = CANARIES;
  const lines = Array.from({ length: rows }, (_, i) => {
    const delay = i % breakEvery === 0 ? brokenNumber : i % 50;
    return `${supplierId}-${i},${displayName},${i % 9},${feature},${delay},${60 + (i % 40)},${region},${contractText}`;
  });
  return `supplier_id,name,past_disputes,financial_stability_index,avg_payment_delay_days,delivery_score,region,contract_text\n${lines.join("\n")}\n`;
}

/** The services of a weekly run, each in its own process. */
export interface WeeklyMesh extends AsyncDisposable {
  /** URL of scheduler-service's gRPC listener. */
  readonly schedulerUrl: string;
  /**
   * Runs one week in a process of scheduler-service that then ends. Its telemetry goes to `collectorUrl`.
   * Resolves with the exit code and everything it wrote.
   * @param env further variables
   */
  runOnce(
    isoWeek: string,
    collectorUrl: string,
    env?: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number | null; readonly output: string }>;
  /** Returns the logs of all services. */
  log(): string;
  /** Sends SIGTERM to all services and waits for their end. Resolves with their exit codes. */
  stop(): Promise<readonly (number | null)[]>;
}

/** Where the services store data and send telemetry. */
export interface WeeklyMeshOptions {
  readonly databaseUrl: string;
  /** URL of the Redis that stores the jobs; left out: the database stores them. */
  readonly redisUrl?: string;
  readonly collectorUrl: string;
  /** Number of rows in week.csv. */
  readonly rows: number;
}

/** Starts ml-service, ops-service and scheduler-service from their main.ts; every trace is recorded. */
export async function startWeeklyMesh(options: WeeklyMeshOptions): Promise<WeeklyMesh> {
  await using starting = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-traced-"));
  starting.defer(() => rm(folder, { recursive: true, force: true }));
  const at = (name: string): string => path.join(folder, name);
  await publishDemoModel(at("models"));
  await writeFile(at("model_config.yaml"), MODEL_CONFIG);
  await writeFile(at("feature_mapping.yaml"), FEATURE_MAPPING);
  await writeFile(at("week.csv"), weekCsv(options.rows, 1_000));
  await writeFile(at("broken.csv"), weekCsv(10, 1));

  const start = async (service: ServiceName, env: Record<string, string>) =>
    starting.use(await startTraced(service, options.collectorUrl, env));
  const ml = await start("ml-service", { MODEL_REGISTRY_URL: `file:${at("models")}` });
  const ops = await start("ops-service", { DATABASE_URL: options.databaseUrl });
  const weekly = {
    ML_SERVICE_URL: ml.grpc,
    OPS_SERVICE_URL: ops.grpc,
    BELLWETHER_MODEL_CONFIG: at("model_config.yaml"),
    BELLWETHER_FEATURE_MAPPING: at("feature_mapping.yaml"),
    BELLWETHER_DATA_DIR: at("data"),
  };
  const scheduler = await start("scheduler-service", {
    ...(options.redisUrl === undefined ? { DATABASE_URL: options.databaseUrl } : { REDIS_URL: options.redisUrl }),
    ...weekly,
    WEEKLY_INPUT_FOLDER: folder,
    WEEKLY_INPUT: "week.csv",
  });
  const once = createRequire(import.meta.url).resolve("@bellwether/scheduler-service/once/main");
  const runOnce: WeeklyMesh["runOnce"] = async (isoWeek, collectorUrl, env = {}) => {
    const week = { WEEKLY_WEEK: isoWeek, WEEKLY_INPUT: at("week.csv") };
    const { code, stdout, stderr } = await runNode(once, {
      env: { ...weekly, ...tracedTo(collectorUrl), ...week, ...env },
    });
    return { code, output: stdout + stderr };
  };
  const started = starting.move();
  return {
    schedulerUrl: scheduler.grpc,
    runOnce,
    log: () => [scheduler, ml, ops].map((service) => service.output()).join(""),
    stop: () => Promise.all([scheduler, ml, ops].map((service) => service.stop())),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
