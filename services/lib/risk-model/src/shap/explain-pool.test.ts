import { expect, test } from "vitest";
import type { TreeModel } from "../trees/tree-model.ts";
import { createExplainPool, ExplainPoolFullError } from "./explain-pool.ts";
import { createExplainer } from "./explainer.ts";

/** One split on each of two features. */
const model: TreeModel = {
  features: 2,
  outputs: 1,
  trees: [0, 1].map((feature) => ({
    feature: Int32Array.of(feature, -1, -1),
    threshold: new Float32Array(3),
    left: Int32Array.of(1, -1, -1),
    right: Int32Array.of(2, -1, -1),
    defaultLeft: new Uint8Array(3),
    cover: Float64Array.of(3, 1, 2),
    value: Float64Array.of(0, -0.5, 0.75 + feature),
    members: new Map(),
  })),
  base: new Float64Array(1),
  link: "identity",
  hasCovers: true,
};
const rows = Float32Array.from({ length: 2 * 1000 }, (_, i) => Math.sin(i));

test("two workers give the bits of one thread, in the order of the rows", async () => {
  await using pool = createExplainPool(model, { workers: 2, maxQueuedRows: 5000 });
  const batches = await Promise.all([
    pool.explain(rows, 1000),
    pool.explain(rows.subarray(2), 1),
    pool.explain(rows, 0),
  ]);
  const explainer = createExplainer(model);
  expect(batches).toEqual([explainer.explain(rows, 1000), explainer.explain(rows.subarray(2), 1), new Float32Array(0)]);
});

test("refuses rows beyond the bound of its queue and takes them again when it has room", async () => {
  await using pool = createExplainPool(model, { workers: 1, maxQueuedRows: 1000 });
  const first = pool.explain(rows, 1000);
  await expect(pool.explain(rows, 500)).rejects.toThrow(ExplainPoolFullError);
  await first;
  await expect(pool.explain(rows, 1000)).resolves.toHaveLength(2000);
});

test("an aborted batch leaves the queue", async () => {
  await using pool = createExplainPool(model, { workers: 1, maxQueuedRows: 1000 });
  const abort = new AbortController();
  const dropped = pool.explain(rows, 1000, abort.signal);
  abort.abort(new Error("no longer wanted"));
  await expect(dropped).rejects.toThrow("no longer wanted");
  await expect(pool.explain(rows, 1000)).resolves.toHaveLength(2000);
});

test("a model that cannot be explained fails the pool with the reason", async () => {
  await using pool = createExplainPool({ ...model, hasCovers: false }, { workers: 1, maxQueuedRows: 10 });
  await expect(pool.explain(rows, 1)).rejects.toThrow("the model carries no covers");
});

test("a closed pool explains nothing", async () => {
  const pool = createExplainPool(model, { workers: 1, maxQueuedRows: 10 });
  await pool[Symbol.asyncDispose]();
  await expect(pool.explain(rows, 1)).rejects.toThrow("the explain pool is closed");
});
