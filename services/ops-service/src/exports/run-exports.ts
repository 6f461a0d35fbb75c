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

/** Starts the exports. The clients of Kafka, DuckDB and the object store are loaded here, and not before. */
export async function runExports(config: ExportConfig, ports: ExportPorts): Promise<AsyncDisposable> {
  const { kafka, archive, scratch, everyMs, leaseMs } = config;
  const { db, now, onPass, onDropped } = ports;
  await using opened = new AsyncDisposableStack();
  const log = createExportLog(db);
  const start = (sink: ExportSink, pass: ExportPass, ms: number): void => {
    opened.use(
      startEventExport({ pass, everyMs: ms, readBacklog: (stream) => log.readBacklog(sink, stream), onPass: report }),
    );
  };
  const report = ({ backlog, error }: { readonly backlog: ExportBacklog; readonly error: unknown }): void =>
    onPass({ backlog, problem: error === null ? null : messageOf(error) });
  if (kafka) {
    const { openKafkaExport } = await import("../clients/exports/kafka-export.ts");
    const topics = opened.use(openKafkaExport(kafka, ({ id }, reason) => onDropped(id, reason)));
    start("kafka", createSendingPass(log, topics.send, leaseMs), everyMs ?? EVERY_MS);
  }
  if (archive) {
    const { openArchiveFile } = await import("../clients/exports/parquet-archive.ts");
    const store = opened.use(await openObjectStore(archive.url, { azure: archive.azure }));
    const openFile = () => openArchiveFile(store, scratch);
    start("archive", createArchivePass(log, openFile, now, leaseMs), everyMs ?? ARCHIVE_EVERY_MS);
  }
  return opened.move();
}

/** Returns the first line: an error of PostgreSQL that drizzle wraps has the query in its message. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error.cause instanceof Error ? error.cause : error;
  return message.split("\n")[0] ?? "";
}
