import { parentPort } from "node:worker_threads";
import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ColumnarInput } from "@bellwether/risk-model/features/supplier-input";
import {
  type CounterfactualAnswer,
  type CounterfactualFinder,
  type CounterfactualRequest,
  createCounterfactualFinder,
} from "../counterfactual/find-counterfactuals.ts";
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
  | {
      readonly kind: "search";
      readonly model: number;
      /** As for "score". */
      readonly stored: StoredVersion | null;
      readonly request: CounterfactualRequest;
      readonly path: string;
      readonly maxMs: number;
      readonly maxSteps: number;
      /** Shared with the caller, who sets its only element to 1 when nobody waits for the answer any more. */
      readonly stopped: Int32Array;
    }
  | { readonly kind: "free"; readonly model: number }
  | { readonly kind: "end" };

/** The thread's answer to each "score" and "search" message. */
export type BatchWorkerAnswer =
  | { readonly kind: "scored"; readonly scores: BatchScores }
  | { readonly kind: "searched"; readonly answer: CounterfactualAnswer }
  | { readonly kind: "failed"; readonly error: unknown };

const models = new Map<number, ScoringModel>();
/** Created for a model when the thread first searches with it. */
const finders = new Map<number, CounterfactualFinder>();

async function openModel(key: number, stored: StoredVersion | null): Promise<ScoringModel> {
  const known = models.get(key);
  if (known !== undefined) return known;
  if (stored === null) throw new Error(`model ${key} was not sent to this thread`);
  const model = await openScoringModel(stored);
  models.set(key, model);
  return model;
}

async function score(task: BatchWorkerTask & { readonly kind: "score" }): Promise<BatchScores> {
  const model = await openModel(task.model, task.stored);
  return await scoreBatch(model, task.input, task.withContributions, task.withTermWeights);
}

async function search(task: BatchWorkerTask & { readonly kind: "search" }): Promise<CounterfactualAnswer> {
  const { request, path, maxMs, maxSteps, stopped } = task;
  const model = await openModel(task.model, task.stored);
  const find = finders.get(task.model) ?? createCounterfactualFinder(model);
  finders.set(task.model, find);
  return await find(request, path, { maxMs, maxSteps, isStopped: () => Atomics.load(stopped, 0) === 1 });
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
  if (task.kind === "search") {
    try {
      answer({ kind: "searched", answer: await search(task) });
    } catch (error) {
      answer({ kind: "failed", error });
    }
    return;
  }
  const freed = task.kind === "free" ? [task.model] : [...models.keys()];
  for (const key of freed) {
    await models.get(key)?.release();
    models.delete(key);
    finders.delete(key);
  }
  if (task.kind === "end") parentPort?.close();
}

let last = Promise.resolve();
parentPort?.on("message", (task: BatchWorkerTask) => {
  last = last.then(() => perform(task));
});
