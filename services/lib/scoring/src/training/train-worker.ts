import { parentPort, workerData } from "node:worker_threads";
import { trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { explainTrained } from "../publish/publish-trained.ts";
import { runOnnx } from "../runtime/onnx-session.ts";
import { unpackTexts } from "./packed-texts.ts";
import type { TrainProgress, TrainRequest, WorkerMessage } from "./train-messages.ts";

// The thread of the child process that trains, so that the process can watch its memory meanwhile.

/** Minimum time between two messages about the trees, ms. */
const PROGRESS_MS = 200;

const { task, texts } = workerData as TrainRequest;
const table = texts === null ? task.table : { ...task.table, texts: unpackTexts(texts) };
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
    ...{ ...task, table, runOnnx },
    onTree: (done, total) => report({ step: "training", done, total }),
    onChoice: (done, total) => report({ step: "choosing", done, total }),
  });
  post({ kind: "trained", trained: { ...trained, explained: await explainTrained(trained) } });
} catch (error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  post({ kind: "failure", name, message });
}
