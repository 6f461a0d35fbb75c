import { parentPort, workerData } from "node:worker_threads";
import type { SequencedEvent } from "../domain/audit-event.ts";
import type { EventDestination } from "../domain/audit-ports.ts";
import { loadModule, openModule } from "./load-module.ts";

/** What module-sink.ts starts this thread with. */
export interface ModuleWorkerData {
  /** Absolute path. */
  readonly file: string;
  /** Whether the file is only loaded and checked; the thread then ends. */
  readonly onlyCheck: boolean;
}

/** A message to the thread. The next "send" comes only after the response to the previous one, or after "abort". */
export type ModuleTask =
  | { readonly kind: "send"; readonly call: number; readonly events: readonly SequencedEvent[] }
  | { readonly kind: "abort"; readonly call: number }
  | { readonly kind: "close" };

/** A message from the thread: "ready" or "not_opened" once, and one response per "send". */
export type ModuleMessage =
  | { readonly kind: "ready"; readonly maxEvents: number }
  | { readonly kind: "not_opened"; readonly message: string }
  | { readonly kind: "sent"; readonly call: number }
  | { readonly kind: "not_sent"; readonly call: number; readonly isRejection: boolean; readonly message: string };

const post = (message: ModuleMessage): void => parentPort?.postMessage(message);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const { file, onlyCheck } = workerData as ModuleWorkerData;

try {
  if (onlyCheck) {
    await loadModule(file);
    post({ kind: "ready", maxEvents: 1 });
  } else serve(await openModule(file));
} catch (error) {
  post({ kind: "not_opened", message: messageOf(error) });
}

function serve(destination: EventDestination): void {
  const calls = new Map<number, AbortController>();
  const send = async (call: number, events: readonly SequencedEvent[]): Promise<void> => {
    const controller = new AbortController();
    calls.set(call, controller);
    try {
      await destination.send(events, controller.signal);
      post({ kind: "sent", call });
    } catch (error) {
      // Destinations of other projects cannot import the class of the error.
      const isRejection = error instanceof Error && error.name === "SinkRejectedError";
      post({ kind: "not_sent", call, isRejection, message: messageOf(error) });
    }
    calls.delete(call);
  };
  const close = async (): Promise<void> => {
    await destination.close();
    parentPort?.close();
  };
  parentPort?.on("message", (task: ModuleTask) => {
    if (task.kind === "send") void send(task.call, task.events);
    else if (task.kind === "abort") calls.get(task.call)?.abort(new Error("stopped"));
    else void close();
  });
  post({ kind: "ready", maxEvents: destination.maxEvents });
}
