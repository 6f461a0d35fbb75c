import { parentPort, workerData } from "node:worker_threads";
import type { MeasureMessage, MeasureRequest } from "./measure-messages.ts";
import { measureVersion } from "./measure-version.ts";

// The thread of the child process that measures, so that the process can watch its memory meanwhile.

const { stored, input } = workerData as MeasureRequest;
const post = (message: MeasureMessage): void => parentPort?.postMessage(message);
try {
  post({ kind: "measured", measured: await measureVersion(stored, input) });
} catch (error) {
  post({ kind: "failure", reason: error instanceof Error ? error.message : "it cannot be measured" });
}
