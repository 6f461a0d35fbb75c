import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { readVersion, type StoredVersion } from "@bellwether/registry/versions/read-version";
import { DEMO_FEATURES, DEMO_SPEC, publishDemoModel } from "@bellwether/testing/demo-model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DemoScoring, demoColumns, openDemoScoring } from "../../test/demo-scoring-fixture.ts";
import type { ScoringModel } from "../model/scoring-model.ts";
import { createBatchPool } from "./batch-pool.ts";
import { BatchQueueFullError, BatchWorkerLostError } from "./batch-pool-error.ts";
import { scoreBatch } from "./score-batch.ts";

const ROOMY = { maxRows: 10_000, maxBytes: 2 ** 26 };
let demo: DemoScoring;
let stored: StoredVersion;
let model: ScoringModel;

beforeAll(async () => {
  demo = await openDemoScoring();
  ({ stored, model } = demo);
});
afterAll(() => demo[Symbol.asyncDispose]());

/**
 * Suppliers with their categories and texts; every 97th row has an impossible value, every 89th has too
 * little data.
 */
const suppliers = (rows: number) =>
  demoColumns(rows, ({ features }, name, row) => {
    if (row % 89 === 5) return Number.NaN;
    return row % 97 === 3 ? -1 : (features[name] ?? 0);
  });

test("every row has the same bits as in the calling thread, whatever the number of threads and concurrent batches", async () => {
  await using pool = createBatchPool({ workers: 2, ...ROOMY });
  const scorer = pool.scorer(stored);
  for (const [rows, withContributions, withTexts] of [
    [1, true, true],
    [256, true, true],
    [257, false, true],
    [1_400, true, true],
    [300, false, false],
    [2_500, false, false],
  ] as const) {
    const input = { ...suppliers(rows), ...(!withTexts && { texts: null }) };
    const [one, other] = await Promise.all([
      scorer.score(input, withContributions),
      scorer.score(input, withContributions),
    ]);
    expect(one).toEqual(await scoreBatch(model, input, withContributions));
    expect(other).toEqual(one);
  }
});

test("models share the threads and can be freed while others score", async () => {
  await publishDemoModel(demo.root, 7);
  const next = await readVersion(demo.root, DEMO_SPEC.name, "v2");
  await using pool = createBatchPool({ workers: 1, ...ROOMY });
  const [old, young] = [pool.scorer(stored), pool.scorer(next)];
  const input = suppliers(600);
  const before = await Promise.all([old.score(input, true), young.score(input, true)]);
  const going = young.score(input, true);
  old.release();
  expect(await going).toEqual(before[1]);
  expect(before[0]).not.toEqual(before[1]);
});

test("rejects rows and bytes over its limits, and accepts them again when it has free space", async () => {
  const full = suppliers(1_000);
  for (const limits of [
    { maxRows: 1_000, maxBytes: 2 ** 26 },
    { maxRows: 10_000, maxBytes: 4 * 1_000 * DEMO_FEATURES.length },
  ]) {
    await using pool = createBatchPool({ workers: 1, ...limits });
    const scorer = pool.scorer(stored);
    const first = scorer.score(full, false);
    await expect(scorer.score(suppliers(1), false)).rejects.toThrow(BatchQueueFullError);
    await first;
    await expect(scorer.score(full, false)).resolves.toMatchObject({ bands: { length: 1_000 } });
  }
});

test("an aborted batch makes way for the next", async () => {
  await using pool = createBatchPool({ workers: 1, maxRows: 1_400, maxBytes: 2 ** 26 });
  const scorer = pool.scorer(stored);
  const abort = new AbortController();
  const unwanted = scorer.score(suppliers(1_400), true, abort.signal);
  abort.abort(new Error("no longer wanted"));
  await expect(unwanted).rejects.toThrow("no longer wanted");
  const input = suppliers(20);
  expect(await scorer.score(input, true)).toEqual(await scoreBatch(model, input, true));
  await expect(scorer.score(input, true, abort.signal)).rejects.toThrow("no longer wanted");
});

test("a thread that ends fails only its batch, is reported, and is replaced", async () => {
  const lost: unknown[] = [];
  await using pool = createBatchPool({ workers: 1, ...ROOMY, onThreadLost: (cause) => lost.push(cause) });
  const scorer = pool.scorer(stored);
  const input = suppliers(1_400);
  const started = once(process, "worker");
  const failing = scorer.score(input, true);
  const waiting = scorer.score(suppliers(300), true);
  const [worker] = (await started) as [Worker];
  void worker.terminate();
  await expect(failing).rejects.toThrow(BatchWorkerLostError);
  expect(await waiting).toEqual(await scoreBatch(model, suppliers(300), true));
  expect(await scorer.score(input, true)).toEqual(await scoreBatch(model, input, true));
  expect(lost).toHaveLength(1);
});

test("a version whose answers differ from the recorded ones fails the batch with the reason, not the thread", async () => {
  await using pool = createBatchPool({ workers: 1, ...ROOMY });
  const bundle = JSON.parse(stored.bundleJson);
  bundle.golden[3].output += 1;
  const broken = pool.scorer({ ...stored, bundleJson: JSON.stringify(bundle) });
  await expect(broken.score(suppliers(20), true)).rejects.toThrow("golden row 3: recorded");
  await expect(pool.scorer(stored).score(suppliers(20), true)).resolves.toMatchObject({ bands: { length: 20 } });
});

test("a closed pool fails the waiting batches and accepts no more", async () => {
  const pool = createBatchPool({ workers: 1, ...ROOMY });
  const scorer = pool.scorer(stored);
  const failing = expect(scorer.score(suppliers(1_400), true)).rejects.toThrow("the batch pool is closed");
  await pool[Symbol.asyncDispose]();
  await failing;
  await expect(scorer.score(suppliers(1), true)).rejects.toThrow("the batch pool is closed");
});
