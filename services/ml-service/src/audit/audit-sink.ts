import path from "node:path";
import type { PeerEnv } from "@bellwether/mesh/server/server-env";
import type { Logger } from "@bellwether/telemetry/logger";
import type { AuditEvent } from "../domain/audit-event.ts";
import type { CountDroppedEvents, RecordEvent } from "../domain/audit-ports.ts";
import { countDroppedEvents } from "./dropped-events.ts";
import { lineFromEvent } from "./event-line.ts";
import { createEventQueue } from "./event-queue.ts";
import { appendToFile, type WriteLines, writeToStdout } from "./line-writers.ts";
import { startSinkThread } from "./sink-thread.ts";

/** Where audit events go. */
export interface AuditSink {
  readonly record: RecordEvent;
  readonly lost: CountDroppedEvents;
  /** Writes or sends the events that it holds, for at most 2 s, and releases its resources. */
  stop(): Promise<void>;
}

export interface AuditSinkOptions {
  /**
   * "ops": sends to ops-service, through a spool on disk. "stdout": writes lines of JSON. "file:PATH":
   * appends lines of JSON to a file. "off": records nothing.
   */
  readonly sink: string;
  /** The address of ops-service, and the credentials of this service for it. */
  readonly ops: { readonly url: string; readonly access?: PeerEnv };
  /** Folder of the spool. */
  readonly spoolFolder: string;
  readonly logger: Logger;
  /**
   * Called for each event that is dropped. Default: counts it in the metric `bellwether.audit.lost` and logs
   * it.
   */
  readonly lost?: CountDroppedEvents;
}

/** The valid values of `BELLWETHER_AUDIT_SINK`. */
export const AUDIT_SINK = { pattern: /^(ops|stdout|off|file:.{1,4096})$/, expected: "ops, stdout, file:PATH or off" };

const STOP_MS = 2_000;

/**
 * Opens the sink. Returns undefined when nothing is to be recorded. @throws AuditSinkError when a file or the
 * spool's folder cannot be written
 */
export async function openAuditSink(options: AuditSinkOptions): Promise<AuditSink | undefined> {
  const { sink, logger, lost = countDroppedEvents(logger) } = options;
  if (sink === "off") return undefined;
  if (sink === "ops") return openOpsSink({ ...options, lost });
  return lineSink(sink === "stdout" ? writeToStdout : await appendToFile(sink.slice("file:".length)), lost);
}

function lineSink(writeLines: WriteLines, lost: CountDroppedEvents): AuditSink {
  const write = (events: readonly AuditEvent[]) =>
    writeLines(events.map((event) => `${lineFromEvent(event)}\n`).join(""));
  const queue = createEventQueue({ write, lost });
  return { record: queue.record, lost, stop: () => queue.stop(STOP_MS) };
}

/**
 * Every event goes through the spool: when this process is killed, the next process sends the events that are
 * on disk.
 */
async function openOpsSink({
  ops: { url, access },
  spoolFolder,
  logger,
  lost,
}: AuditSinkOptions & { lost: CountDroppedEvents }): Promise<AuditSink> {
  const folder = path.resolve(spoolFolder);
  const thread = await startSinkThread({ opsUrl: url, access: access ?? null, spoolFolder: folder, lost, logger });
  const queue = createEventQueue({ lost, write: (events) => thread.append(events.map(lineFromEvent)) });
  return {
    record: queue.record,
    lost,
    async stop() {
      const endMs = performance.now() + STOP_MS;
      await queue.stop(STOP_MS);
      await thread.stop(Math.max(0, endMs - performance.now()));
    },
  };
}
