import { flushCompileCache } from "node:module";
import { setTimeout as pause } from "node:timers/promises";
import type { StatementStoppedError } from "../duckdb/workspace.ts";
import { IngestLimitError, MappingSqlError } from "../ingest-errors.ts";
import { DEFAULT_LIMITS } from "../ingest-limits.ts";
import { aloneText } from "../mapping/failing-expression.ts";
import { mappingError } from "../mapping/select-statement.ts";
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
  let statement = "";
  /** Ends the process at once: what DuckDB does cannot always be interrupted, or would take memory until it is. */
  const end = (error: Error): void =>
    void send({ kind: "failure", failure: failureOf(error) }).then(() => process.kill(process.pid, "SIGKILL"));
  const maxMemoryBytes = request.limits?.maxMemoryBytes;
  using _memory =
    maxMemoryBytes === undefined
      ? null
      : memoryWatch(maxMemoryBytes, ({ variable, problem }) => end(new IngestLimitError(variable, problem, statement)));
  const snapshot = await snapshotWeekly({
    ...request,
    signal: stopped.signal,
    onStuck: (error) => end(stuckError(request, statement, error)),
    onProgress: (progress) => {
      statement = progress.statement;
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

function stuckError({ evaluatesAlone, limits }: IngestRequest, statement: string, error: StatementStoppedError): Error {
  if (evaluatesAlone !== true) return mappingError(statement, error);
  return new MappingSqlError(statement, aloneText(limits?.sqlTimeoutMs ?? DEFAULT_LIMITS.sqlTimeoutMs));
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
  // `process.exit` waits for the thread of a statement, and DuckDB cannot interrupt each one.
  process.kill(process.pid, "SIGKILL");
});
// The terminal sends SIGINT to all processes of a command. The parent decides what it means.
process.on("SIGINT", () => {}).on("SIGTERM", () => stopped.abort(new Error("stopped by SIGTERM")));
// Compiled code is stored while the request is awaited: the parent ends this process as soon as it has the result, and
// without this code the next start takes two thirds longer.
flushCompileCache();
