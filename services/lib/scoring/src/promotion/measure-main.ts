import os from "node:os";
import { Worker } from "node:worker_threads";
// A thread cannot turn off the runtime's telemetry: this module is loaded before the thread starts.
import "../runtime/load-onnxruntime.ts";
import type { MeasureMessage, MeasureRequest } from "./measure-messages.ts";

// Program of the child process that measures a version. It does one request and ends. It also ends with its parent, whose
// end closes the channel.

/** Interval at which the memory is measured, ms. */
const LOOK_MS = 25;
const MIB = 2 ** 20;
/** Below that of the services: a measurement on a busy machine takes longer, and calls do not. */
const LOW_PRIORITY = 5;
os.setPriority(LOW_PRIORITY);

process.once("message", (request: MeasureRequest) => {
  const { maxMemoryBytes } = request;
  let isEnding = false;
  const end = (message: MeasureMessage): void => {
    if (isEnding) return;
    isEnding = true;
    clearInterval(look);
    if (process.send === undefined || !process.connected) process.exit();
    process.send(message, () => process.exit());
  };
  const exceeded = (needed: string): void =>
    end({
      kind: "failure",
      reason: `it needs ${needed} of memory, more than the limit of ${Math.floor(maxMemoryBytes / MIB)} MiB`,
    });
  const look = setInterval(() => {
    const bytes = process.memoryUsage.rss();
    if (bytes <= maxMemoryBytes) return;
    void worker.terminate();
    exceeded(`${Math.ceil(bytes / MIB)} MiB`);
  }, LOOK_MS);
  const worker = new Worker(new URL("./measure-worker.ts", import.meta.url), {
    workerData: request,
    resourceLimits: { maxOldGenerationSizeMb: Math.max(64, Math.floor(maxMemoryBytes / MIB)) },
  });
  worker.on("message", end);
  worker.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "ERR_WORKER_OUT_OF_MEMORY") exceeded("more heap");
    else end({ kind: "failure", reason: `measuring it failed: ${error.message}` });
  });
});
process.once("disconnect", () => process.exit());
// The terminal sends SIGINT to all processes of a command. The parent decides what it means.
process.on("SIGINT", () => {});
