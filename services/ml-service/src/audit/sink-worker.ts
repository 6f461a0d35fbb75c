import { parentPort, workerData } from "node:worker_threads";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { type PeerEnv, peerSettings } from "@bellwether/mesh/server/server-env";
import { createOpsSink } from "../clients/ops-sink.ts";
import type { LossReason } from "../domain/audit-ports.ts";
import { openEventSpool } from "./event-spool.ts";
import { type ForwarderLogger, startForwarder } from "./forwarder.ts";

/** The data with which sink-thread.ts starts this thread. */
export interface SinkWorkerData {
  readonly opsUrl: string;
  /** The credentials of this service for ops-service. Null: none. */
  readonly access: PeerEnv | null;
  readonly spoolFolder: string;
}

/** A message to the thread. The next append is sent only after the response to the previous one. */
export type SinkWorkerTask =
  | { readonly kind: "append"; readonly lines: readonly string[] }
  | { readonly kind: "stop"; readonly withinMs: number };

/** A message from the thread: "ready" once, one response per append, and in between "lost" and "log". */
export type WorkerMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "appended" }
  | { readonly kind: "not_appended"; readonly error: unknown }
  | { readonly kind: "lost"; readonly events: number; readonly reason: LossReason }
  | { readonly kind: "log"; readonly level: "info" | "warn"; readonly fields: object; readonly message: string };

const send = (status: WorkerMessage): void => parentPort?.postMessage(status);
const lost = (events: number, reason: LossReason): void => {
  if (events > 0) send({ kind: "lost", events, reason });
};
const logger: ForwarderLogger = {
  info: (message) => send({ kind: "log", level: "info", fields: {}, message }),
  warn: (fields, message) => send({ kind: "log", level: "warn", fields, message }),
};

const { opsUrl, access, spoolFolder } = workerData as SinkWorkerData;
const spool = await openEventSpool({ folder: spoolFolder, lost });
const transport = createMeshTransport({ url: opsUrl, ...(access && peerSettings(access)) });
const forwarder = startForwarder({ spool, append: createOpsSink(transport), lost, logger });

async function perform(task: SinkWorkerTask): Promise<void> {
  if (task.kind === "append") {
    try {
      await spool.append(task.lines);
      send({ kind: "appended" });
      forwarder.nudge();
    } catch (error) {
      send({ kind: "not_appended", error });
    }
    return;
  }
  await forwarder.stop(task.withinMs);
  await spool[Symbol.asyncDispose]();
  transport.close();
  parentPort?.close();
}

let last = Promise.resolve();
parentPort?.on("message", (task: SinkWorkerTask) => {
  last = last.then(() => perform(task));
});
send({ kind: "ready" });
