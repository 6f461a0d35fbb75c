import type { Worker } from "node:worker_threads";
import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ColumnarInput } from "@bellwether/risk-model/features/supplier-input";
import type { CounterfactualAnswer, CounterfactualRequest } from "../counterfactual/find-counterfactuals.ts";
import type { ScoresInParts } from "./batch-rows.ts";
import type { BatchWorkerTask } from "./batch-worker.ts";
import type { BatchScores } from "./score-batch.ts";

/** A batch whose rows are not all scored yet. */
export interface Batch {
  readonly model: number;
  readonly stored: StoredVersion;
  readonly input: ColumnarInput;
  readonly withContributions: boolean;
  readonly withTermWeights: boolean;
  readonly scores: ScoresInParts;
  readonly resolve: (scores: BatchScores) => void;
  readonly reject: (reason: unknown) => void;
  /** Time (`performance.now()`) at which the batch came. */
  readonly since: number;
  /** Number of rows that were passed to threads, and number of rows whose scores have arrived. */
  given: number;
  done: number;
}

/** A search for counterfactuals that is not finished yet. */
export interface Search {
  readonly model: number;
  readonly stored: StoredVersion;
  readonly request: CounterfactualRequest;
  readonly path: string;
  /** Its only element is 1 when no caller waits for the answer any more. */
  readonly stopped: Int32Array;
  /** Time (`performance.now()`) at which the search came. */
  readonly since: number;
  readonly resolve: (answer: CounterfactualAnswer) => void;
  readonly reject: (reason: unknown) => void;
}

/** What a thread does: some rows of a batch, or a search. */
export type Work =
  | { readonly kind: "batch"; readonly batch: Batch; readonly first: number }
  | { readonly kind: "search"; readonly search: Search };

/** A thread of the pool. */
export interface Thread {
  readonly worker: Worker;
  /** Models that the thread has open. */
  readonly models: Set<number>;
  /** What the thread does, and what it does next: nothing, a search, or one or two parts of batches. */
  readonly work: Work[];
}

/** Returns whom the failure of a thread's work concerns. */
export const callerOf = (work: Work): Pick<Batch, "reject"> => (work.kind === "batch" ? work.batch : work.search);

/** Sends a task to a thread. */
export function post({ worker }: Thread, task: BatchWorkerTask): void {
  worker.postMessage(task);
}
