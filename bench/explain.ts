import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type InferenceSession, ort } from "@bellwether/scoring/runtime/load-onnxruntime";
import { writeOnnxTreeModel } from "@bellwether/tree-model/onnx/write/write-tree-model";
import { createExplainer, type Explainer } from "@bellwether/tree-model/shap/explainer";
import { treeShap } from "@bellwether/tree-model/shap/tree-shap";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import { bestOf, bestOfEach } from "./best-of.ts";
import { type BenchModel, countLeaves, drawRows, FEATURES, trainBenchModels } from "./explain-models.ts";
import { type PeerResult, peersInstalled, timePeers } from "./explain-peers.ts";
import { type Bench, type Metric, metric } from "./metric.ts";
import { type Times, timeAll } from "./own/explain-times.ts";
import { twoWorkers } from "./two-workers.ts";

/** Number of rows per model that are compared with the float64 TreeSHAP and with ONNX Runtime. */
const CHECKED_ROWS = 512;

/**
 * Measures exact contributions: speed compared with other libraries, time compared with a prediction, errors.
 */
export const bench: Bench = async ({ log }) => {
  const models = trainBenchModels();
  for (const { name, what, model } of models) log(`${name}: ${what}, ${countLeaves(model)} leaves`);
  const rows = drawRows(4096, "explained rows");
  const metrics: Metric[] = [];
  const explainers = new Map<string, Explainer>();
  for (const { name, model } of models) {
    let explainer = createExplainer(model);
    const compileMs = await bestOf(() => {
      explainer = createExplainer(model);
    });
    explainers.set(name, explainer);
    const gated = name === "m8";
    metrics.push(
      metric({
        name: `shap.${name}.compile_s`,
        value: compileMs / 1000,
        unit: "s",
        better: "lower",
        ...(gated && { gate: 1, stretch: 0.2 }),
      }),
      metric({
        name: `shap.${name}.table_mb`,
        value: explainer.tableBytes / 1e6,
        unit: "MB",
        better: "lower",
        ...(gated && { gate: 12, stretch: 8 }),
      }),
    );
  }
  const before = await timeAll(models, explainers, rows);
  const peers = await comparePeers(models, rows, log);
  const after = await timeAll(models, explainers, rows);
  const times = new Map(
    models.map(({ name }, i): [string, Times] => {
      const [a, b] = [before[i], after[i]];
      return [
        name,
        {
          batch: Math.min(a?.batch ?? Infinity, b?.batch ?? Infinity),
          row: Math.min(a?.row ?? Infinity, b?.row ?? Infinity),
        },
      ];
    }),
  );
  for (const each of models) metrics.push(...speedMetrics(each, times.get(each.name), peers));
  metrics.push(treelite());
  const [m6] = models;
  const m6Explainer = explainers.get("m6");
  if (m6 !== undefined && m6Explainer !== undefined) {
    metrics.push(await overPredict(m6, m6Explainer, rows), ...(await twoWorkers(m6, rows)));
  }
  metrics.push(...(await errors(models, explainers, rows, log)));
  return metrics;
};

async function comparePeers(
  models: readonly BenchModel[],
  rows: Float32Array,
  log: (line: string) => void,
): Promise<readonly PeerResult[]> {
  if (!peersInstalled()) return [];
  const folder = await mkdtemp(path.join(tmpdir(), "bellwether-bench-"));
  try {
    const results = await timePeers(folder, models, rows);
    for (const result of results) log(JSON.stringify(result));
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Gates for the ratios to the other libraries. */
const BATCH_GATES = {
  m6: { gate: 22, stretch: 33 },
  m8: { gate: 20, stretch: 33 },
  forest: { gate: 15, stretch: 30 },
} as const;
const ROW_GATES = { m6: { gate: 12, stretch: 20 }, m8: { gate: 6, stretch: 10 } } as const;

function speedMetrics(
  { name, batchRows }: BenchModel,
  times: Times | undefined,
  peers: readonly PeerResult[],
): Metric[] {
  const ours = times === undefined ? null : (batchRows / times.batch) * 1000;
  const rowUs = times === undefined ? null : times.row * 1000;
  const of = (peer: PeerResult["peer"]): PeerResult | undefined =>
    peers.find((result) => result.model === name && result.peer === peer);
  const ratio = (
    metricName: string,
    value: number | undefined | null,
    peer: PeerResult | undefined,
    how: string,
    gates: { readonly gate?: number; readonly stretch?: number } = {},
  ): Metric =>
    metric({
      name: metricName,
      value: value ?? null,
      unit: "ratio",
      better: "higher",
      ...gates,
      ...(peer === undefined
        ? { reason: "no peers on this machine: run bench/peers/setup" }
        : { peer: `${peer.peer} ${peer.version}${how}, 1 thread` }),
    });
  const batch = (peer: PeerResult | undefined): number | undefined =>
    peer && ours !== null ? ours / peer.rows_per_second : undefined;
  const xgboost = of("xgboost");
  const row = (us: number | undefined): number | undefined =>
    us !== undefined && rowUs !== null ? us / rowUs : undefined;
  const metrics = [
    metric({ name: `shap.${name}.rows_per_second`, value: ours, unit: "rows/s", better: "higher" }),
    metric({ name: `shap.${name}.row_us`, value: rowUs, unit: "µs", better: "lower" }),
    ratio(`shap.${name}.batch`, batch(xgboost), xgboost, "", BATCH_GATES[name]),
    ...(["shap", "lightgbm"] as const).map((peer) =>
      ratio(`shap.${name}.batch.${peer}`, batch(of(peer)), of(peer), ""),
    ),
  ];
  if (name !== "forest") {
    metrics.push(
      ratio(`shap.${name}.row`, row(xgboost?.c_api_row_us), xgboost, ", C API", ROW_GATES[name]),
      ratio(`shap.${name}.row.python`, row(xgboost?.row_us), xgboost, ", Python API"),
    );
  }
  return metrics;
}

/**
 * Returns the metric of Treelite. The library is listed but not timed: its version 4.8 can run a model only
 * by predict, predict_leaf and predict_per_tree.
 */
function treelite(): Metric {
  const reason = "treelite 4.8.1 predicts but gives no contributions, in Python or in its C API";
  return metric({ name: "shap.m6.batch.treelite", value: null, unit: "ratio", better: "higher", reason });
}

async function openSession(model: TreeModel): Promise<InferenceSession> {
  return ort.InferenceSession.create(writeOnnxTreeModel(model), { intraOpNumThreads: 1, interOpNumThreads: 1 });
}

async function predict(session: InferenceSession, rows: Float32Array, n: number): Promise<Float32Array> {
  const { output } = await session.run({
    input: new ort.Tensor("float32", rows.subarray(0, n * FEATURES), [n, FEATURES]),
  });
  if (!(output?.data instanceof Float32Array)) throw new Error("ONNX Runtime returned no float32 output");
  return output.data;
}

async function overPredict(
  { name, model, batchRows }: BenchModel,
  explainer: Explainer,
  rows: Float32Array,
): Promise<Metric> {
  const session = await openSession(model);
  const out = new Float32Array(batchRows * FEATURES);
  const [explainMs, predictMs] = await bestOfEach(
    [() => explainer.explain(rows, batchRows, out), () => predict(session, rows, batchRows)],
    8,
    100,
  );
  await session.release();
  return metric({
    name: `shap.${name}.over_predict`,
    value: (explainMs ?? Number.NaN) / (predictMs ?? Number.NaN),
    unit: "ratio",
    peer: "onnxruntime 1.30, prediction only, 1 thread",
    gate: 2.6,
    stretch: 1.8,
    better: "lower",
  });
}

/**
 * Returns the rows that are checked: half of them unchanged, a quarter with values exactly on thresholds, a
 * quarter with missing values.
 */
function checkedRows(model: TreeModel, rows: Float32Array): Float32Array {
  const checked = rows.slice(0, CHECKED_ROWS * FEATURES);
  const quarter = (CHECKED_ROWS / 4) * FEATURES;
  let tree = 0;
  for (let at = 2 * quarter; at < 3 * quarter; at++) {
    const { feature, threshold } = model.trees[tree++ % model.trees.length] ?? { feature: [], threshold: [] };
    const node = feature.findIndex((f, i) => f === at % FEATURES && i >= (at * 7) % (feature.length / 2));
    if (node >= 0) checked[at] = threshold[node] ?? 0;
  }
  for (let at = 3 * quarter; at < 4 * quarter; at++) if ((at * 31) % 10 < 2) checked[at] = Number.NaN;
  return checked;
}

async function errors(
  models: readonly BenchModel[],
  explainers: ReadonlyMap<string, Explainer>,
  rows: Float32Array,
  log: (line: string) => void,
): Promise<Metric[]> {
  let oracleError = 0;
  let additivity = 0;
  for (const { name, model } of models) {
    const checked = checkedRows(model, rows);
    const explainer = explainers.get(name);
    if (explainer === undefined) throw new Error(`no explainer of ${name}`);
    const contributions = explainer.explain(checked, CHECKED_ROWS);
    const session = await openSession(model);
    const margins = await predict(session, checked, CHECKED_ROWS);
    await session.release();
    let [modelOracle, modelAdditivity] = [0, 0];
    for (let r = 0; r < CHECKED_ROWS; r++) {
      const phi = contributions.subarray(r * FEATURES, (r + 1) * FEATURES);
      const exact = treeShap(model, checked.subarray(r * FEATURES, (r + 1) * FEATURES));
      const margin = margins[r] ?? Number.NaN;
      const scale = Math.max(1, Math.abs(margin));
      for (const [f, value] of phi.entries()) {
        modelOracle = Math.max(modelOracle, Math.abs(value - (exact.contributions[f] ?? Number.NaN)) / scale);
      }
      const sum = phi.reduce((total, value) => total + value, explainer.baseValue[0] ?? 0);
      modelAdditivity = Math.max(modelAdditivity, Math.abs(sum - margin) / scale);
    }
    log(`${name}: largest error ${modelOracle.toExponential(2)}, additivity ${modelAdditivity.toExponential(2)}`);
    oracleError = Math.max(oracleError, modelOracle);
    additivity = Math.max(additivity, modelAdditivity);
  }
  return [
    metric({
      name: "shap.oracle_error",
      value: oracleError,
      unit: "of max(1, |margin|)",
      peer: `float64 TreeSHAP, ${CHECKED_ROWS} rows a model, ties and NaN among them`,
      gate: 5e-6,
      stretch: 1e-6,
      better: "lower",
    }),
    metric({
      name: "shap.additivity",
      value: additivity,
      unit: "of max(1, |margin|)",
      peer: `onnxruntime 1.30, ${CHECKED_ROWS} rows a model, ties and NaN among them`,
      gate: 1e-5,
      stretch: 5e-6,
      better: "lower",
    }),
  ];
}
