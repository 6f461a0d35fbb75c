import { createHash } from "node:crypto";
import path from "node:path";
import { newUuidV7 } from "@bellwether/contract/uuid-v7";
import type { PeerEnv } from "@bellwether/mesh/server/server-env";
import type { Logger } from "@bellwether/telemetry/logger";
import type { KafkaSinkSettings } from "../clients/kafka-sink.ts";
import { checkModule } from "../clients/module-sink.ts";
import type { SequencedEvent } from "../domain/audit-event.ts";
import type { CountDroppedEvents, RecordEvent } from "../domain/audit-ports.ts";
import { countDroppedEvents } from "./dropped-events.ts";
import { createDroppedRange } from "./dropped-range.ts";
import { type EncodedEvent, encodeEvent } from "./event-line.ts";
import { createEventQueue, type EventQueue } from "./event-queue.ts";
import { appendToFile, writeToStdout } from "./line-writers.ts";
import { parseSinkList, type SinkSpec } from "./sink-list.ts";
import { startSinkThread } from "./sink-thread.ts";
import type { DestinationSettings } from "./sink-worker.ts";

/** Where audit events go: to all sinks of a list. */
export interface AuditSink {
  readonly record: RecordEvent;
  readonly lost: CountDroppedEvents;
  /** Writes or sends the events that it holds, for at most 2 s, and releases its resources. */
  stop(): Promise<void>;
}

export interface AuditSinkOptions {
  /**
   * Sinks with commas between them (sink-list.ts). "ops": sends to ops-service, "kafka": to a topic, and "module:PATH":
   * to what a file opens, each through its own spool on disk. "stdout": writes lines of JSON. "file:PATH": appends lines
   * of JSON to a file. "off": records nothing.
   */
  readonly sink: string;
  /** The address of ops-service, and the credentials of this service for it. */
  readonly ops: { readonly url: string; readonly access?: PeerEnv };
  /** Returns the topic and the connection. Called when the list has "kafka". @throws Error when a setting is missing */
  readonly kafka?: () => KafkaSinkSettings;
  /** Folder of the spool of "ops". Those of other sinks have its name with a suffix. */
  readonly spoolFolder: string;
  readonly logger: Logger;
  /**
   * Called for each event that a sink drops. Default: counts it in the metric `bellwether.audit.lost` and logs
   * it.
   */
  readonly lost?: CountDroppedEvents;
}

const STOP_MS = 2_000;

/** A sink with its queue. */
interface OpenSink {
  readonly queue: EventQueue;
  stop(): Promise<void>;
}

/**
 * Opens the sinks. Returns undefined when nothing is to be recorded. A sink that hangs delays neither the answers nor
 * the other sinks. @throws AuditSinkError when a file or a spool's folder cannot be written
 * @throws SinkModuleError when the file of a sink cannot be loaded
 */
export async function openAuditSink(options: AuditSinkOptions): Promise<AuditSink | undefined> {
  const specs = parseSinkList(options.sink);
  if (specs.length === 0) return undefined;
  const producer = newUuidV7();
  await using opened = new AsyncDisposableStack();
  const sinks: OpenSink[] = [];
  for (const spec of specs) {
    const sink = await openSink(spec, producer, options);
    opened.defer(() => sink.stop());
    sinks.push(sink);
  }
  opened.move();
  let sequence = 0;
  return {
    record(event) {
      const sequenced: SequencedEvent = { ...event, producer, sequence: ++sequence };
      const encoded = encodeEvent(sequenced);
      for (const { queue } of sinks) queue.record(encoded);
    },
    lost(events, reason) {
      for (const { queue } of sinks) queue.dropped(events, reason);
    },
    async stop() {
      await Promise.all(sinks.map((sink) => sink.stop()));
    },
  };
}

async function openSink(spec: SinkSpec, producer: string, options: AuditSinkOptions): Promise<OpenSink> {
  const { logger } = options;
  const sink = spec.kind;
  const lost = options.lost ?? countDroppedEvents(logger, sink);
  const range = createDroppedRange({ producer, sink, newId: newUuidV7, now: Date.now });
  if (spec.kind === "stdout" || spec.kind === "file") {
    const writeLines = spec.kind === "stdout" ? writeToStdout : await appendToFile(spec.path);
    const write = async (events: readonly EncodedEvent[]): Promise<readonly number[]> => {
      await writeLines(events.map(({ line }) => `${line}\n`).join(""));
      return [];
    };
    const queue = createEventQueue({ write, lost, range });
    return { queue, stop: () => queue.stop(STOP_MS) };
  }
  if (spec.kind === "module") await checkModule({ file: path.resolve(spec.path) });
  // Every event goes through the spool: when this process is killed, the next process sends the events on disk.
  const thread = await startSinkThread({
    destination: destinationOf(spec, options),
    spoolFolder: spoolOf(spec, options.spoolFolder),
    lost: (events, reason) => queue.dropped(events, reason),
    logger: {
      info: (fields, message) => logger.info({ ...fields, sink }, message),
      warn: (fields, message) => logger.warn({ ...fields, sink }, message),
    },
  });
  const queue: EventQueue = createEventQueue({
    ...{ lost, range },
    write: (events, { beyondLimit }) =>
      thread.append(
        events.map(({ line }) => line),
        beyondLimit,
      ),
  });
  return {
    queue,
    async stop() {
      const endMs = performance.now() + STOP_MS;
      await queue.stop(STOP_MS);
      await thread.stop(Math.max(0, endMs - performance.now()));
    },
  };
}

function destinationOf(spec: SinkSpec, { ops, kafka }: AuditSinkOptions): DestinationSettings {
  if (spec.kind === "module") return { kind: "module", file: path.resolve(spec.path) };
  if (spec.kind !== "kafka") return { kind: "ops", url: ops.url, access: ops.access ?? null };
  if (!kafka) throw new Error("BELLWETHER_AUDIT_SINK names kafka, which needs KAFKA_BROKERS: set it");
  return { kind: "kafka", ...kafka() };
}

/** Each sink has its own spool, so that a destination that is away does not use the space of another one. */
function spoolOf(spec: SinkSpec, folder: string): string {
  if (spec.kind === "kafka") return path.resolve(`${folder}-kafka`);
  if (spec.kind !== "module") return path.resolve(folder);
  const digest = createHash("sha256").update(path.resolve(spec.path)).digest("hex").slice(0, 12);
  return path.resolve(`${folder}-module-${digest}`);
}
