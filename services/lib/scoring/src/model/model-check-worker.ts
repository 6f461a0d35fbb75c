import { parentPort, workerData } from "node:worker_threads";
import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import { checkScoringModel } from "./scoring-model.ts";

/** The answer of the thread of model-checker.ts. */
export interface ModelCheckAnswer {
  /** Why the version cannot be served; null when it can. */
  readonly rejection: string | null;
}

const answer: ModelCheckAnswer = await checkScoringModel(workerData as StoredVersion).then(
  () => ({ rejection: null }),
  (error: unknown) => ({ rejection: error instanceof Error ? error.message : "it cannot be loaded" }),
);
parentPort?.postMessage(answer);
