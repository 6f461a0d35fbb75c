import { parentPort } from "node:worker_threads";
import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ModelCheck } from "./model-check.ts";
import { ModelRejectedError } from "./model-rejected-error.ts";
import { checkScoringModel, type GateOptions } from "./scoring-model.ts";

/** A task of the thread of model-checker.ts. */
export interface ModelCheckTask {
  readonly stored: StoredVersion;
  readonly gate: GateOptions;
}

/** The answer of the thread to each task. */
export interface ModelCheckAnswer {
  /** Why the version cannot be served; null when it can. */
  readonly rejection: string | null;
  readonly checks: readonly ModelCheck[];
}

async function answerOf({ stored, gate }: ModelCheckTask): Promise<ModelCheckAnswer> {
  try {
    return { rejection: null, checks: await checkScoringModel(stored, gate) };
  } catch (error) {
    return {
      rejection: error instanceof Error ? error.message : "it cannot be loaded",
      checks: error instanceof ModelRejectedError ? error.checks : [],
    };
  }
}

// The checker sends one task at a time.
parentPort?.on("message", async (task: ModelCheckTask) => parentPort?.postMessage(await answerOf(task)));
