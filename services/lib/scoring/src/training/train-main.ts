import { Worker } from "node:worker_threads";
// A thread cannot turn off the runtime's telemetry: this module is loaded before the thread starts.
import "../runtime/load-onnxruntime.ts";
import { MEMORY_FAILURE, type TrainMessage, type TrainRequest, type WorkerMessage } from "./train-messages.ts";

// Program of the child process that trains a model. It does one request and ends. It also ends with its parent, whose
// end closes the channel.

/** Interval at which the memory is measured, ms. */
const LOOK_MS = 25;
const MIB = 2 ** 20;
/** Maximum size of the thread's young objects: the default lets the process grow by 80 MiB more, and is not faster. */
const MAX_YOUNG_MB = 8;

/** Sends the last message, and ends the process when the channel has it. */
function endWith(message: TrainMessage): void {
  if (process.send === undefined || !process.connected) process.exit();
  process.send(message, () => process.exit());
}

/**
 * Returns a request whose columns have memory of their own. All columns of a received message share the memory of the
 * message, of which the texts are the largest part: the thread could not free them.
 */
function withOwnColumns(request: TrainRequest): TrainRequest {
  const { table } = request.task;
  const numbers = new Map([...table.numbers].map(([name, column]) => [name, column.slice()]));
  const [labels, asOfDays] = [table.labels?.slice() ?? null, table.asOfDays?.slice() ?? null];
  return { ...request, task: { ...request.task, table: { ...table, numbers, labels, asOfDays } } };
}

/** Returns the memory of a table's columns and texts, which the thread takes over instead of a copy. */
function buffersOf({ task, texts }: TrainRequest): ArrayBuffer[] {
  const { numbers, labels, asOfDays } = task.table;
  const packed = texts === null ? [] : [texts.bytes, texts.ends];
  const columns = [...numbers.values(), ...[labels, asOfDays].filter((column) => column !== null), ...packed];
  const buffers = columns.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer);
  return [...new Set(buffers)];
}

process.once("message", (received: TrainRequest) => {
  const { maxMemoryBytes } = received;
  const request = withOwnColumns(received);
  let isEnding = false;
  const end = (message: TrainMessage): void => {
    if (isEnding) return;
    isEnding = true;
    clearInterval(look);
    endWith(message);
  };
  const exceeded = (needed: string): void =>
    end({
      kind: "failure",
      name: MEMORY_FAILURE,
      message: `training needs ${needed} of memory, more than the limit of ${Math.floor(maxMemoryBytes / MIB)} MiB`,
    });
  const look = setInterval(() => {
    const bytes = process.memoryUsage.rss();
    if (bytes <= maxMemoryBytes) return;
    void worker.terminate();
    exceeded(`${Math.ceil(bytes / MIB)} MiB`);
  }, LOOK_MS);
  const worker = new Worker(new URL("./train-worker.ts", import.meta.url), {
    workerData: request,
    transferList: buffersOf(request),
    resourceLimits: {
      maxOldGenerationSizeMb: Math.max(64, Math.floor(maxMemoryBytes / MIB)),
      maxYoungGenerationSizeMb: MAX_YOUNG_MB,
    },
  });
  worker.on("message", (message: WorkerMessage) => {
    if (message.kind === "progress") process.send?.(message);
    if (message.kind === "failure") end(message);
    if (message.kind !== "trained") return;
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    const usage = { peakRssBytes: maxRSS * 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 };
    end({ kind: "result", trained: message.trained, usage });
  });
  worker.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "ERR_WORKER_OUT_OF_MEMORY") exceeded("more heap");
    else end({ kind: "failure", name: error.name, message: error.message });
  });
});
process.once("disconnect", () => process.exit());
// The terminal sends SIGINT to all processes of a command. The parent decides what it means.
process.on("SIGINT", () => {});
