import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { type BatchPool, createBatchPool } from "@bellwether/scoring/batch/batch-pool";
import { bestOfEach } from "./best-of.ts";
import { type BenchModel, FEATURES } from "./explain-models.ts";
import type { ExplainWorkerData, ExplainWorkerTask } from "./explain-worker.ts";
import { type Metric, metric } from "./metric.ts";
import { publishModel } from "./publish-model.ts";

/**
 * Measures batches of 16,384 rows with two threads, compared with one: the contributions alone, and all the
 * work of the service's thread pool.
 */
export async function twoWorkers(m6: BenchModel, rows: Float32Array): Promise<Metric[]> {
  const peer = "one worker, m6";
  const kernel = { name: "shap.workers2", value: await explainByTwo(m6, rows), gate: 1.8, stretch: 1.95 };
  const pool = { name: "shap.workers2.pool", value: await scoreByTwo(m6, rows) };
  return [kernel, pool].map((measured) => metric({ ...measured, unit: "ratio", peer, better: "higher" }));
}

/** Size of a batch, as a multiple of the generated rows. */
const BATCHES = 4;
/**
 * Number of repetitions. Two threads use all of a small machine; with many short repetitions, at least one is
 * likely to run without other load.
 */
const TURNS = 24;

async function explainByTwo({ model }: BenchModel, drawn: Float32Array): Promise<number> {
  const rows = new Float32Array(new SharedArrayBuffer(BATCHES * drawn.byteLength));
  for (let i = 0; i < BATCHES; i++) rows.set(drawn, i * drawn.length);
  const n = rows.length / FEATURES;
  const workerData: ExplainWorkerData = { model, rows };
  const start = (): Worker => new Worker(new URL("./explain-worker.ts", import.meta.url), { workerData });
  const [first, second] = [start(), start()];
  const explain = async (worker: Worker, ...task: ExplainWorkerTask): Promise<void> => {
    worker.postMessage(task);
    await once(worker, "message");
  };
  const halves = () => Promise.all([explain(first, 0, n / 2), explain(second, n / 2, n)]);
  const [oneMs, twoMs] = await bestOfEach([() => explain(first, 0, n), halves], TURNS, 1);
  await Promise.all([first.terminate(), second.terminate()]);
  return (oneMs ?? Number.NaN) / (twoMs ?? Number.NaN);
}

async function scoreByTwo(m6: BenchModel, rows: Float32Array): Promise<number> {
  const root = await mkdtemp(path.join(tmpdir(), "bellwether-bench-"));
  const stored = await publishModel(root, m6).finally(() => rm(root, { recursive: true, force: true }));
  const n = (BATCHES * rows.length) / FEATURES;
  const names = Array.from({ length: FEATURES }, (_, column) => `f${column}`);
  const numbers = names.map((name, column): [string, Float32Array] => [
    name,
    Float32Array.from({ length: n }, (_, row) => rows[(row * FEATURES + column) % rows.length] ?? 0),
  ]);
  const input = { rows: n, numbers: new Map(numbers), categories: new Map(), texts: null };
  const pool = (workers: number): BatchPool => createBatchPool({ workers, maxRows: n, maxBytes: 2 ** 30 });
  await using one = pool(1);
  await using two = pool(2);
  const [alone, paired] = [one.scorer(stored), two.scorer(stored)];
  const [oneMs, twoMs] = await bestOfEach([() => alone.score(input, true), () => paired.score(input, true)], TURNS, 1);
  return (oneMs ?? Number.NaN) / (twoMs ?? Number.NaN);
}
