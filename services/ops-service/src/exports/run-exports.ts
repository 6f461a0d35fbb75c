import { openObjectStore } from "@bellwether/object-store/open-store";
import { createArchivePass } from "../domain/exports/archive-hour.ts";
import {
  createSendingPass,
  type ExportBacklog,
  type ExportPass,
  type ExportSink,
} from "../domain/exports/event-export.ts";
import { startEventExport } from "../jobs/event-export.ts";
import type { ExportSettings } from "../setup/export-env.ts";
import type { Db } from "../store/database.ts";
import { createExportLog } from "../store/exports/event-exports.ts";

/** How alerts and audit events are exported. */
export interface ExportConfig extends ExportSettings {
  /** Folder for files of the archive while they are written. */
  readonly scratch: string;
  /** Time between two passes that find nothing, ms. Default: 1 s for Kafka, 10 s for the archive. */
  readonly everyMs?: number;
  /** Time for which a process has a log, ms. Default: 30 s for Kafka, 10 minutes for the archive. */
  readonly leaseMs?: number;
}

/** What came of a pass over a log. */
export interface PassStatus {
  readonly backlog: ExportBacklog;
  /** Why the pass failed, one line. Null: it succeeded. */
  readonly problem: string | null;
}

export interface ExportPorts {
  readonly db: Db;
  readonly now: () => number;
  readonly onPass: (status: PassStatus) => void;
  /** Called for an event that is larger than its topic accepts. */
  readonly onDropped: (eventId: string, reason: string) => void;
}

const EVERY_MS = 1_000;
const ARCHIVE_EVERY_MS = 10_000;

/** Starts the exports, each sink independent of the others. The clients of Kafka, DuckDB and the object store are loaded by
 * the first pass that needs them. */
export async function runExports(config: ExportConfig, ports: ExportPorts): Promise<AsyncDisposable> {
  const { kafka, archive, scratch, everyMs, leaseMs } = config;
  const { db, now, onPass, onDropped } = ports;
  await using opened = new AsyncDisposableStack();
  const clients = opened.use(new AsyncDisposableStack());
  const log = createExportLog(db);
  const start = (sink: ExportSink, pass: ExportPass, ms: number): void => {
    opened.use(
      startEventExport({ pass, everyMs: ms, readBacklog: (stream) => log.readBacklog(sink, stream), onPass: report }),
    );
  };
  const report = ({ backlog, error }: { readonly backlog: ExportBacklog; readonly error: unknown }): void =>
    onPass({ backlog, problem: error === null ? null : messageOf(error) });
  if (kafka) {
    const open = async () => {
      const { openKafkaExport } = await import("../clients/exports/kafka-export.ts");
      return clients.use(openKafkaExport(kafka, ({ id }, reason) => onDropped(id, reason)));
    };
    const pass = openingPass(open, (topics) => createSendingPass(log, topics.send, leaseMs));
    start("kafka", pass, everyMs ?? EVERY_MS);
  }
  if (archive) {
    const open = async () => {
      const { openArchiveFile } = await import("../clients/exports/parquet-archive.ts");
      const store = clients.use(await openObjectStore(archive.url, { azure: archive.azure }));
      return () => openArchiveFile(store, scratch);
    };
    const pass = openingPass(open, (openFile) => createArchivePass(log, openFile, now, leaseMs));
    start("archive", pass, everyMs ?? ARCHIVE_EVERY_MS);
  }
  return opened.move();
}

/**
 * Opens the client of a sink in the passes, so that a sink that cannot be opened is a failed pass: it is reported and
 * tried again, and other sinks are not concerned.
 */
function openingPass<T>(open: () => Promise<T>, passWith: (client: T) => ExportPass): ExportPass {
  let opening: Promise<ExportPass> | undefined;
  return async (stream, signal) => {
    opening ??= open().then(passWith);
    const pass = await opening.catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return await pass(stream, signal);
  };
}

/** Returns the first line: an error of PostgreSQL that drizzle wraps has the query in its message. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error.cause instanceof Error ? error.cause : error;
  return message.split("\n")[0] ?? "";
}
