import { setTimeout as pause } from "node:timers/promises";
import { snapshotWeekly } from "../snapshot/weekly-snapshot.ts";
import { failureOf, type IngestMessage, type IngestRequest } from "./ingest-messages.ts";
import { memoryWatch } from "./memory-watch.ts";

// Program of the child process that reads weekly files. It does one request and ends. It also ends with its parent,
// whose end closes the channel.

/** Minimum time between two messages about progress, ms. */
const PROGRESS_MS = 200;
/** Time to remove files after the parent has gone, ms. */
const CLEAN_UP_MS = 5_000;

const stopped = new AbortController();

/** Sends a message and waits until the channel has it. */
const send = (message: IngestMessage): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, () => resolve());
  });

async function work(request: IngestRequest): Promise<void> {
  let sentMs = Number.NEGATIVE_INFINITY;
  let step = "";
  const maxMemoryBytes = request.limits?.maxMemoryBytes;
  using _memory =
    maxMemoryBytes === undefined
      ? null
      : memoryWatch(maxMemoryBytes, (error) => {
          // DuckDB may take memory faster than a statement can be interrupted, so the process ends at once.
          void send({ kind: "failure", failure: failureOf(error) }).then(() => process.kill(process.pid, "SIGKILL"));
        });
  const snapshot = await snapshotWeekly({
    ...request,
    signal: stopped.signal,
    onProgress: (progress) => {
      const now = performance.now();
      if (progress.step === step && now - sentMs < PROGRESS_MS) return;
      [sentMs, step] = [now, progress.step];
      void send({ kind: "progress", progress });
    },
  });
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const usage = { peakRssBytes: maxRSS * 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 };
  await send({ kind: "result", snapshot, usage });
}

process.once("message", async (request: IngestRequest) => {
  try {
    await work(request);
  } catch (error) {
    await send({ kind: "failure", failure: failureOf(error) });
  }
  process.exit();
});
process.once("disconnect", async () => {
  stopped.abort(new Error("the process that started the reading has ended"));
  await pause(CLEAN_UP_MS);
  process.exit(1);
});
// The terminal sends SIGINT to all processes of a command. The parent decides what it means.
process.on("SIGINT", () => {}).on("SIGTERM", () => stopped.abort(new Error("stopped by SIGTERM")));
