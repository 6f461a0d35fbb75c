import os from "node:os";
import { parentPort } from "node:worker_threads";
import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ModelCheck } from "./model-check.ts";
import { ModelRejectedError } from "./model-rejected-error.ts";
import { buffersOf, type PreparedModel } from "./prepared-model.ts";
import { type GateOptions, openCheckedModel, prepareVersion } from "./scoring-model.ts";

/** A task of the thread of model-checker.ts. */
export interface ModelCheckTask {
  readonly stored: StoredVersion;
  readonly gate: GateOptions;
  /** Results of an earlier check of the same files: the checks are not made again. */
  readonly passed: readonly ModelCheck[] | null;
  /** Whether the answer has the prepared model. */
  readonly isPrepared: boolean;
}

/** The answer of the thread to each task. */
export interface ModelCheckAnswer {
  /** Why the version cannot be served; null when it can. */
  readonly rejection: string | null;
  readonly checks: readonly ModelCheck[];
  /** Null: the version is rejected, or the task does not ask for it. */
  readonly prepared: PreparedModel | null;
}

/** Below that of the threads that answer calls, so that a check on a busy machine delays the swap and not the calls. */
const LOW_PRIORITY = 5;
// On Linux the priority is that of one thread; 0 is the calling one. On other systems it would be that of the whole process.
if (process.platform === "linux") os.setPriority(0, LOW_PRIORITY);

async function answerOf({ stored, gate, passed, isPrepared }: ModelCheckTask): Promise<ModelCheckAnswer> {
  try {
    if (passed !== null) return { rejection: null, checks: passed, prepared: await prepareVersion(stored) };
    const { model, prepared, checks } = await openCheckedModel(stored, gate);
    await model.release();
    return { rejection: null, checks, prepared: isPrepared ? prepared : null };
  } catch (error) {
    return {
      rejection: error instanceof Error ? error.message : "it cannot be loaded",
      checks: error instanceof ModelRejectedError ? error.checks : [],
      prepared: null,
    };
  }
}

// The checker sends one task at a time.
parentPort?.on("message", async (task: ModelCheckTask) => {
  const answer = await answerOf(task);
  parentPort?.postMessage(answer, [...buffersOf(answer.prepared)]);
});
