import { parentPort, workerData } from "node:worker_threads";
import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ModelCheck } from "./model-check.ts";
import { ModelRejectedError } from "./model-rejected-error.ts";
import { checkScoringModel, type GateOptions } from "./scoring-model.ts";

/** The task of the thread of model-checker.ts. */
export interface ModelCheckTask {
  readonly stored: StoredVersion;
  readonly gate: GateOptions;
}

/** The answer of the thread of model-checker.ts. */
export interface ModelCheckAnswer {
  /** Why the version cannot be served; null when it can. */
  readonly rejection: string | null;
  readonly checks: readonly ModelCheck[];
}

const { stored, gate } = workerData as ModelCheckTask;
const answer: ModelCheckAnswer = await checkScoringModel(stored, gate).then(
  (checks) => ({ rejection: null, checks }),
  (error: unknown) => ({
    rejection: error instanceof Error ? error.message : "it cannot be loaded",
    checks: error instanceof ModelRejectedError ? error.checks : [],
  }),
);
parentPort?.postMessage(answer);
