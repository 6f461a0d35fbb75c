import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { SequencedEvent, SpooledEvent } from "../domain/audit-event.ts";
import {
  SinkEndedError,
  SinkModuleError,
  SinkRejectedError,
  type SpooledEventDestination,
} from "../domain/audit-ports.ts";
import type { ModuleMessage, ModuleTask, ModuleWorkerData } from "./module-worker.ts";

/** The file of a sink that this project does not have. */
export interface ModuleSinkSettings {
  /** Absolute path. */
  readonly file: string;
}

const MAX_HEAP_MB = 128;
const CHECK_MS = 60_000;
const CLOSE_MS = 200;

/**
 * Loads the file in a thread that then ends, so that a wrong path is an error of the start. The sink is not opened: what
 * it needs may be away. @throws SinkModuleError
 */
export async function checkModule({ file }: ModuleSinkSettings): Promise<void> {
  const thread = startThread({ file, onlyCheck: true });
  const late = new AbortController();
  try {
    await Promise.race([
      thread.ready,
      pause(CHECK_MS, undefined, { signal: late.signal }).then(() => {
        throw new Error(`${file} was not loaded within ${CHECK_MS / 1_000} s`);
      }),
    ]);
  } catch (error) {
    throw new SinkModuleError(error);
  } finally {
    late.abort();
    await thread.worker.terminate();
  }
}

/**
 * Opens the sink of a file in a separate thread. An uncaught exception, process.exit and a full heap then end this
 * thread, and not the thread that has the spool. A send after the thread has ended starts a new thread.
 * @throws Error with one line that names the file and the violation
 */
export async function openModuleSink({ file }: ModuleSinkSettings): Promise<SpooledEventDestination> {
  let current: ModuleThread | undefined;
  let calls = 0;
  const open = async (): Promise<ModuleThread> => {
    if (current && !current.hasEnded()) return current;
    const thread = startThread({ file, onlyCheck: false });
    current = thread;
    try {
      await thread.ready;
    } catch (error) {
      await thread.worker.terminate();
      throw error;
    }
    return thread;
  };
  const maxEvents = await (await open()).ready;
  return {
    maxEvents,
    async send(events, signal) {
      signal.throwIfAborted();
      const parsed = events.map(withPayload);
      const { worker, response } = await open();
      const call = ++calls;
      const post = (task: ModuleTask): void => worker.postMessage(task);
      const { promise: aborted, reject } = Promise.withResolvers<never>();
      const abort = (): void => {
        post({ kind: "abort", call });
        reject(signal.reason);
      };
      signal.addEventListener("abort", abort);
      const answered = response(call);
      post({ kind: "send", call, events: parsed });
      await Promise.race([answered, aborted]).finally(() => signal.removeEventListener("abort", abort));
    },
    async close() {
      if (!current || current.hasEnded()) return;
      const { worker } = current;
      const ended = once(worker, "exit").catch(() => {});
      worker.postMessage({ kind: "close" } satisfies ModuleTask);
      await Promise.race([ended, pause(CLOSE_MS, undefined, { ref: false })]);
      await worker.terminate();
    },
  };
}

/** @throws SinkRejectedError when the payload is not JSON, after a disk error */
function withPayload({ payloadJson, ...event }: SpooledEvent): SequencedEvent {
  try {
    return { ...event, payload: JSON.parse(payloadJson) };
  } catch (cause) {
    throw new SinkRejectedError("the payload of the event is not JSON", { cause });
  }
}

interface ModuleThread {
  readonly worker: Worker;
  /** Resolves with the largest number of events of one send. Rejects when the sink cannot be opened. */
  readonly ready: Promise<number>;
  readonly hasEnded: () => boolean;
  /** Resolves when the events of a send are stored. Rejects with SinkEndedError when the thread ends first. */
  response(call: number): Promise<void>;
}

function startThread(data: ModuleWorkerData): ModuleThread {
  const { file } = data;
  const worker = new Worker(new URL("./module-worker.ts", import.meta.url), {
    ...{ workerData: data, resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } },
  });
  const { promise: ready, ...opening } = Promise.withResolvers<number>();
  const waiting = new Map<number, { readonly resolve: () => void; readonly reject: (error: Error) => void }>();
  let hasEnded = false;
  let problem: string | undefined;
  ready.catch(() => {});
  worker.on("message", (message: ModuleMessage) => {
    if (message.kind === "ready") opening.resolve(message.maxEvents);
    else if (message.kind === "not_opened") opening.reject(new Error(message.message));
    else {
      const call = waiting.get(message.call);
      waiting.delete(message.call);
      if (message.kind === "sent") call?.resolve();
      else call?.reject(message.isRejection ? new SinkRejectedError(message.message) : new Error(message.message));
    }
  });
  worker.on("error", (error) => {
    hasEnded = true;
    problem = error instanceof Error ? error.message : String(error);
  });
  worker.on("exit", (code) => {
    hasEnded = true;
    const text = `${file}: its thread has ended (${problem ?? `exit code ${code}`}); another one is started`;
    opening.reject(new Error(text));
    for (const { reject } of waiting.values()) reject(new SinkEndedError(text));
    waiting.clear();
  });
  return {
    ...{ worker, ready, hasEnded: () => hasEnded },
    response: (call) => new Promise((resolve, reject) => waiting.set(call, { resolve, reject })),
  };
}
