import { parentPort } from "node:worker_threads";
import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ColumnarInput } from "@bellwether/risk-model/features/supplier-input";
import { openScoringModel, type ScoringModel } from "../model/scoring-model.ts";
import { type BatchScores, scoreBatch } from "./score-batch.ts";

/** A message to a thread of batch-pool.ts. The thread does its tasks one after the other. */
export type BatchWorkerTask =
  | {
      readonly kind: "score";
      readonly model: number;
      /** The version to open when the thread does not have the model open yet, else null. */
      readonly stored: StoredVersion | null;
      readonly input: ColumnarInput;
      readonly withContributions: boolean;
      readonly withTermWeights: boolean;
    }
  | { readonly kind: "free"; readonly model: number }
  | { readonly kind: "end" };

/** The thread's answer to each "score" message. */
export type BatchWorkerAnswer =
  | { readonly kind: "scored"; readonly scores: BatchScores }
  | { readonly kind: "failed"; readonly error: unknown };

const models = new Map<number, ScoringModel>();

async function score(task: BatchWorkerTask & { readonly kind: "score" }): Promise<BatchScores> {
  let model = models.get(task.model);
  if (model === undefined) {
    if (task.stored === null) throw new Error(`model ${task.model} was not sent to this thread`);
    model = await openScoringModel(task.stored);
    models.set(task.model, model);
  }
  return await scoreBatch(model, task.input, task.withContributions, task.withTermWeights);
}

function answer(message: BatchWorkerAnswer, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

/** Returns the buffers of the scores; no two of them share memory. */
function buffersOf(scores: BatchScores): ArrayBuffer[] {
  const { riskScores, outputs, bands, missingCounts, contributions, termWeights } = scores;
  const arrays = [riskScores, outputs, bands, missingCounts, contributions, termWeights].filter((a) => a !== null);
  return arrays.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer);
}

async function perform(task: BatchWorkerTask): Promise<void> {
  if (task.kind === "score") {
    try {
      const scores = await score(task);
      answer({ kind: "scored", scores }, buffersOf(scores));
    } catch (error) {
      answer({ kind: "failed", error });
    }
    return;
  }
  const freed = task.kind === "free" ? [task.model] : [...models.keys()];
  for (const key of freed) {
    await models.get(key)?.release();
    models.delete(key);
  }
  if (task.kind === "end") parentPort?.close();
}

let last = Promise.resolve();
parentPort?.on("message", (task: BatchWorkerTask) => {
  last = last.then(() => perform(task));
});
