import { parentPort, workerData } from "node:worker_threads";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { type PeerEnv, peerSettings } from "@bellwether/mesh/server/server-env";
import { createOpsSink } from "../clients/ops-sink.ts";
import type { LossReason } from "../domain/audit-ports.ts";
import { openEventSpool } from "./event-spool.ts";
import { type ForwarderLogger, startForwarder } from "./forwarder.ts";

/** What the thread of trail-thread.ts is started with. */
export interface SinkWorkerData {
  readonly opsUrl: string;
  /** How this service shows itself to ops-service; null: not at all. */
  readonly access: PeerEnv | null;
  readonly spoolFolder: string;
}

/** What it is told. Appends come one at a time, each after the answer to the one before. */
export type SinkWorkerTask =
  | { readonly kind: "append"; readonly lines: readonly string[] }
  | { readonly kind: "stop"; readonly withinMs: number };

/** What it says: "ready" once, an answer to each task, and news between them. */
export type WorkerMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "appended" }
  | { readonly kind: "not_appended"; readonly error: unknown }
  | { readonly kind: "lost"; readonly events: number; readonly reason: LossReason }
  | { readonly kind: "log"; readonly level: "info" | "warn"; readonly fields: object; readonly message: string };

const say = (status: WorkerMessage): void => parentPort?.postMessage(status);
const lost = (events: number, reason: LossReason): void => {
  if (events > 0) say({ kind: "lost", events, reason });
};
const logger: ForwarderLogger = {
  info: (message) => say({ kind: "log", level: "info", fields: {}, message }),
  warn: (fields, message) => say({ kind: "log", level: "warn", fields, message }),
};

const { opsUrl, access, spoolFolder } = workerData as SinkWorkerData;
const spool = await openEventSpool({ folder: spoolFolder, lost });
const transport = createMeshTransport({ url: opsUrl, ...(access && peerSettings(access)) });
const forwarder = startForwarder({ spool, append: createOpsSink(transport), lost, logger });

async function perform(task: SinkWorkerTask): Promise<void> {
  if (task.kind === "append") {
    try {
      await spool.append(task.lines);
      say({ kind: "appended" });
      forwarder.nudge();
    } catch (error) {
      say({ kind: "not_appended", error });
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
say({ kind: "ready" });
