import type { CloudEvent } from "@bellwether/event-sinks/cloud-event";
import type { ExportLog, ExportPass, ExportStream, LoggedEvent } from "./event-export.ts";

/** A file of the archive while it is written. */
export interface ArchiveFile extends AsyncDisposable {
  add(events: readonly CloudEvent[]): Promise<void>;
  /** Stores the file. An object with the same key is replaced: it has the same events. */
  store(key: string, signal: AbortSignal): Promise<void>;
}

const HOUR_MS = 3_600_000;
/** Time after the end of an hour in which events of it can still be recorded: by transactions, and by slow clocks. */
const LATE_MS = 120_000;
const READ_EVENTS = 1_000;
const MAX_EVENTS = 200_000;
/** Longer than a file takes. */
export const ARCHIVE_LEASE_MS = 600_000;

/**
 * Writes the events of one hour as one file: the next hour that has ended. The position of the last event is stored
 * before the file. When the process is killed in between, the next process writes a file with the same events. Events
 * that were recorded late are in another file of their hour. An event is never in two files.
 */
export function createArchivePass(
  log: ExportLog,
  openFile: () => Promise<ArchiveFile>,
  now: () => number,
  leaseMs = ARCHIVE_LEASE_MS,
): ExportPass {
  return async (stream, signal) => {
    const cursor = await log.claim("archive", stream, leaseMs);
    if (cursor === null) return false;
    try {
      const first = (await log.read(stream, cursor.position, 1)).at(0);
      if (first === undefined || !(cursor.plannedEnd !== null || hasEnded(hourOf(first), now()))) {
        await log.release(cursor);
        return false;
      }
      await using file = await openFile();
      const end = await addHour(log, file, { stream, after: cursor.position, first, plannedEnd: cursor.plannedEnd });
      signal.throwIfAborted();
      if (cursor.plannedEnd === null && !(await log.plan(cursor, end))) return false;
      await file.store(archiveKey(stream, first, end), signal);
      return await log.advance(cursor, end);
    } catch (error) {
      await log.release(cursor).catch(() => {});
      throw error;
    }
  };
}

interface Part {
  readonly stream: ExportStream;
  readonly after: number;
  readonly first: LoggedEvent;
  readonly plannedEnd: number | null;
}

/** Adds the events up to the planned end, or else those of the hour that follow each other. Returns the last position. */
async function addHour(log: ExportLog, file: ArchiveFile, { stream, after, first, plannedEnd }: Part): Promise<number> {
  const hour = hourOf(first);
  let [end, count] = [after, 0];
  for (;;) {
    const events = await log.read(stream, end, READ_EVENTS);
    const isOther = ({ position, recordedMs }: LoggedEvent): boolean =>
      plannedEnd === null ? Math.floor(recordedMs / HOUR_MS) !== hour : position > plannedEnd;
    const other = events.findIndex(isOther);
    const taken = other < 0 ? events : events.slice(0, other);
    if (taken.length > 0) await file.add(taken.map(({ event }) => event));
    end = taken.at(-1)?.position ?? end;
    count += taken.length;
    const isFull = plannedEnd === null && count >= MAX_EVENTS;
    if (other >= 0 || events.length < READ_EVENTS || isFull) return end;
  }
}

const hourOf = ({ recordedMs }: LoggedEvent): number => Math.floor(recordedMs / HOUR_MS);
const hasEnded = (hour: number, nowMs: number): boolean => nowMs >= (hour + 1) * HOUR_MS + LATE_MS;

/** Returns for example "audit/date=2026-11-29/hour=12/00000000000000000001-00000000000000000419.parquet", in UTC. */
export function archiveKey(stream: ExportStream, first: LoggedEvent, end: number): string {
  const [date = "", time = ""] = new Date(first.recordedMs).toISOString().split("T");
  const [from, to] = [first.position, end].map((position) => String(position).padStart(20, "0"));
  return `${stream}/date=${date}/hour=${time.slice(0, 2)}/${from}-${to}.parquet`;
}
