// A thread that explains rows of one model, for the comparison of two threads with one.
import { parentPort, workerData } from "node:worker_threads";
import { createExplainer } from "@bellwether/tree-model/shap/explainer";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";

export interface ExplainWorkerData {
  readonly model: TreeModel;
  /** `[rows × features]`, in shared memory. */
  readonly rows: Float32Array;
}

/** Rows `[first, last)`. */
export type ExplainWorkerTask = readonly [first: number, last: number];

const { model, rows } = workerData as ExplainWorkerData;
const explainer = createExplainer(model);
const out = new Float32Array(rows.length);
parentPort?.on("message", ([first, last]: ExplainWorkerTask) => {
  explainer.explain(rows.subarray(first * model.features, last * model.features), last - first, out);
  parentPort?.postMessage(null);
});
