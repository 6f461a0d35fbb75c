// Stands in for the thread of a shadow: `workerData.behavior` says how it is broken. The rows never reach a model.
import { parentPort, workerData } from "node:worker_threads";

const { behavior } = workerData as { readonly behavior: string };
if (behavior === "ends at the start") throw new Error("out of memory");
parentPort?.postMessage({ kind: "opened" });
parentPort?.on("message", () => {
  if (behavior === "ends with a task") process.exit(7);
  // "is silent": never answers.
  for (;;);
});
