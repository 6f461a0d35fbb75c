import { parentPort, workerData } from "node:worker_threads";
import { trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { runOnnx } from "../runtime/onnx-session.ts";
import type { TrainProgress, TrainRequest, WorkerMessage } from "./train-messages.ts";

// The thread of the child process that trains, so that the process can watch its memory meanwhile.

/** Minimum time between two messages about the trees, ms. */
const PROGRESS_MS = 200;

const { task } = workerData as TrainRequest;
const post = (message: WorkerMessage): void => parentPort?.postMessage(message);
let sentMs = Number.NEGATIVE_INFINITY;
const report = (progress: TrainProgress): void => {
  const now = performance.now();
  if (progress.done < progress.total && now - sentMs < PROGRESS_MS) return;
  sentMs = now;
  post({ kind: "progress", progress });
};
try {
  const trained = await trainRiskModel({
    ...task,
    runOnnx,
    onTree: (done, total) => report({ step: "training", done, total }),
    onChoice: (done, total) => report({ step: "choosing", done, total }),
  });
  post({ kind: "trained", trained });
} catch (error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  post({ kind: "failure", name, message });
}
