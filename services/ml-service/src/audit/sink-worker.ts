import { parentPort, workerData } from "node:worker_threads";
import { freeBytes } from "@bellwether/mesh/call/free-bytes";
import type { OutageLog } from "@bellwether/mesh/errors/peer-outage";
import type { KafkaSinkSettings } from "../clients/kafka-sink.ts";
import type { ModuleSinkSettings } from "../clients/module-sink.ts";
import type { OpsSinkSettings } from "../clients/ops-sink.ts";
import type { LossReason, SpooledEventDestination } from "../domain/audit-ports.ts";
import { openEventSpool } from "./bounded-spool.ts";
import { startForwarder } from "./forwarder.ts";

/** The destination of a sink, and what it needs. */
export type DestinationSettings =
  | ({ readonly kind: "ops" } & OpsSinkSettings)
  | ({ readonly kind: "kafka" } & KafkaSinkSettings)
  | ({ readonly kind: "module" } & ModuleSinkSettings);

/** The data with which sink-thread.ts starts this thread. The data can contain a password and must never be logged. */
export interface SinkWorkerData {
  readonly destination: DestinationSettings;
  readonly spoolFolder: string;
}

/**
 * A message to the thread. The next append is sent only after the response to the previous one. Its lines are bytes that move to
 * the thread: a text would be copied, and collecting the copies takes a fifth of the thread's time.
 */
export type SinkWorkerTask =
  | { readonly kind: "append"; readonly data: Uint8Array; readonly beyondLimit: boolean }
  | { readonly kind: "stop"; readonly withinMs: number };

/** A message from the thread: "ready" once, one response per append, and in between "lost" and "log". */
export type WorkerMessage =
  | { readonly kind: "ready" }
  /** @param left positions of the lines for which there was no space */
  | { readonly kind: "appended"; readonly left: readonly number[] }
  | { readonly kind: "not_appended"; readonly error: unknown }
  | { readonly kind: "lost"; readonly events: number; readonly reason: LossReason }
  | { readonly kind: "log"; readonly level: "info" | "warn"; readonly fields: object; readonly message: string };

const send = (status: WorkerMessage): void => parentPort?.postMessage(status);
const lost = (events: number, reason: LossReason): void => {
  if (events > 0) send({ kind: "lost", events, reason });
};
const logger: OutageLog = {
  info: (fields, message) => send({ kind: "log", level: "info", fields, message }),
  warn: (fields, message) => send({ kind: "log", level: "warn", fields, message }),
};

const { destination: settings, spoolFolder } = workerData as SinkWorkerData;
const spool = await openEventSpool({ folder: spoolFolder, lost });
const forwarder = startForwarder({ spool, open: () => openDestination(settings), lost, logger });

/** Only the client of this sink is loaded. */
async function openDestination(of: DestinationSettings): Promise<SpooledEventDestination> {
  if (of.kind === "ops") return (await import("../clients/ops-sink.ts")).openOpsSink(of);
  if (of.kind === "kafka") return (await import("../clients/kafka-sink.ts")).openKafkaSink(of);
  return await (await import("../clients/module-sink.ts")).openModuleSink(of);
}

async function perform(task: SinkWorkerTask): Promise<void> {
  if (task.kind === "append") {
    try {
      const left = await spool.append(task.data, task.beyondLimit);
      send({ kind: "appended", left });
      forwarder.nudge();
    } catch (error) {
      send({ kind: "not_appended", error });
    }
    freeBytes(task.data);
    return;
  }
  await forwarder.stop(task.withinMs);
  await spool[Symbol.asyncDispose]();
  parentPort?.close();
}

let last = Promise.resolve();
parentPort?.on("message", (task: SinkWorkerTask) => {
  last = last.then(() => perform(task));
});
send({ kind: "ready" });
