import type { Explainer } from "@bellwether/tree-model/shap/explainer";
import { bestOf } from "../best-of.ts";
import { type BenchModel, FEATURES } from "../explain-models.ts";

/** Times for one model: a batch of its size, and one row; ms. */
export interface Times {
  readonly batch: number;
  readonly row: number;
}

/** Measures the time of each model, the shortest of three repetitions. `rows` is `[4096 × FEATURES]`. */
export async function timeAll(
  models: readonly BenchModel[],
  explainers: ReadonlyMap<string, Explainer>,
  rows: Float32Array,
): Promise<Times[]> {
  const times: Times[] = [];
  for (const { name, batchRows } of models) {
    const explainer = explainers.get(name);
    if (explainer === undefined) throw new Error(`no explainer of ${name}`);
    const out = new Float32Array(batchRows * FEATURES);
    let next = 0;
    times.push({
      batch: await bestOf(() => explainer.explain(rows, batchRows, out)),
      row: await bestOf(() => {
        const at = (next++ % 4096) * FEATURES;
        explainer.explain(rows.subarray(at, at + FEATURES), 1, out);
      }),
    });
  }
  return times;
}
