import { parentPort, workerData } from "node:worker_threads";
import type { TreeModel } from "../trees/tree-model.ts";
import { createExplainer } from "./explainer.ts";

/** A chunk of rows for a worker of explain-pool.ts. */
export interface ExplainTask {
  /** `[n × features]`, row-major. */
  readonly rows: Float32Array<ArrayBuffer>;
  readonly n: number;
}

/** What a worker says: once that it has compiled the model, then a chunk's contributions, `[n × outputs × features]`. */
export type ExplainWorkerMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "explained"; readonly contributions: Float32Array<ArrayBuffer> };

function say(message: ExplainWorkerMessage, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

const { model }: { readonly model: TreeModel } = workerData;
const explainer = createExplainer(model);

parentPort?.on("message", ({ rows, n }: ExplainTask) => {
  const contributions = new Float32Array(n * explainer.outputs * explainer.features);
  explainer.explain(rows, n, contributions);
  say({ kind: "explained", contributions }, [contributions.buffer]);
});
say({ kind: "ready" });
