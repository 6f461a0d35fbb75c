import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { loadConfigPair } from "@bellwether/config/config-pair";
import type { ModelSpec } from "@bellwether/config/model-spec";
import { generateDemo } from "@bellwether/demo-data/generate-demo";
import { plantedWeek } from "@bellwether/demo-data/planted-week";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import { startTrainProcess } from "@bellwether/scoring/training/train-process";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { type Bench, metric } from "./metric.ts";

const ROOT = path.resolve(import.meta.dirname, "..");
const WEEKS = 8;
const SUPPLIERS = 25_000;
const MIB = 2 ** 20;
const LIMITS = { maxMemoryBytes: 4_096 * MIB, timeoutMs: 1_200_000 };
/** Time of the calls before and after the retrain, and longest time of those while it runs, ms. */
const QUIET_MS = 8_000;
const BUSY_MS = 60_000;
const WARM_MS = 5_000;
/** Time limit of a call, ms: on a busy machine the first one takes seconds. */
const CALL_TIMEOUT_MS = 30_000;

/** Labelled rows of weeks as a retrain reads them. */
function tableOf(spec: ModelSpec): FeatureTable {
  const demo = generateDemo({ suppliers: SUPPLIERS, transactions: 2 * SUPPLIERS }, 11);
  const weeks = Array.from({ length: WEEKS }, (_, i) => plantedWeek(demo, 11, `2026-W${10 + i}`, i > 0));
  const rows = weeks.flatMap((week) => week.rows);
  const ids = rows.map((row) => String(row.supplier_id));
  const names = spec.features.filter(({ kind }) => kind === "numeric").map(({ name }) => name);
  return {
    ...{ rows: rows.length, supplierIds: ids, categories: new Map() },
    asOfDays: Int32Array.from(rows, (_, i) => 20_000 + 7 * Math.floor(i / SUPPLIERS)),
    numbers: new Map(names.map((name) => [name, Float64Array.from(rows, (row) => Number(row[name]))])),
    texts: rows.map((row) => String(row.contract_text)),
    labels: Uint8Array.from(ids, (id, i) => Number(weeks[Math.floor(i / SUPPLIERS)]?.failing.has(id) ?? false)),
  };
}

/** Returns the times of single calls, one after the other, ms. They end with the phase, or with the signal. */
async function timesOf(call: () => Promise<unknown>, phaseMs: number, signal?: AbortSignal): Promise<number[]> {
  const times: number[] = [];
  for (const end = performance.now() + phaseMs; performance.now() < end && !signal?.aborted; ) {
    const before = performance.now();
    await call();
    times.push(performance.now() - before);
  }
  return times;
}

const p99 = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(0.99 * times.length)] ?? Number.NaN;

/** Memory of a retrain of 200,000 rows with a text, and the calls of ml-service meanwhile, on the same machine. */
export const bench: Bench = async ({ log }) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bench-retrain-"));
  try {
    await publishDemoModel(folder);
    await using ml = await startService("ml-service", { MODEL_REGISTRY_URL: `file:${folder}` });
    using transport = createMeshTransport({ url: ml.grpc });
    const client = createClient(InferenceService, transport);
    const supplier = { supplierId: "S_1", features: { past_disputes: 7, delivery_score: 61 } };
    const call = () => client.predict({ supplier }, { timeoutMs: CALL_TIMEOUT_MS });
    await timesOf(call, WARM_MS);
    const quiet = await timesOf(call, QUIET_MS);
    const file = (name: string): string => path.join(ROOT, "config", name);
    const { model, configHash } = await loadConfigPair(file("model_config.yaml"), file("feature_mapping.yaml"));
    const spec: ModelSpec = { ...model, split: { ...model.split, by: "time", testFrom: null, horizonDays: 7 } };
    const table = tableOf(spec);
    log(`${table.rows} rows, ${table.texts?.reduce((sum, text) => sum + text.length, 0)} characters of text`);
    await using child = startTrainProcess({ isBackground: true });
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    const training = child.run({ table, spec, configHash }, LIMITS, { onProgress: () => resolve() });
    // A training that fails before its first tree ends the wait.
    await Promise.race([begun, training]);
    const ended = new AbortController();
    training.finally(() => ended.abort()).catch(() => {});
    const busy = await timesOf(call, BUSY_MS, ended.signal);
    const { usage, evaluation } = await training;
    const [quietMs, busyMs] = [p99([...quiet, ...(await timesOf(call, QUIET_MS))]), p99(busy)];
    log(`${busy.length} calls while the retrain ran`);
    log(`p99 ${quietMs.toFixed(2)} ms, while a retrain runs ${busyMs.toFixed(2)} ms; AUC ${evaluation.auc.toFixed(4)}`);
    log(`the process that trained used ${usage.cpuSeconds.toFixed(1)} s of the processor`);
    return [
      metric({
        ...{ name: "retrain.rss_mib", value: usage.peakRssBytes / MIB, unit: "MiB" },
        ...{ gate: 600, better: "lower" },
      }),
      metric({
        ...{ name: "retrain.serving_p99", value: busyMs / quietMs, unit: "ratio", peer: "without a retrain" },
        ...{ gate: 2, better: "lower" },
      }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
