import type { CloudEvent } from "@bellwether/event-sinks/cloud-event";

/** The logs that are exported: the audit log, and the history entries of alerts. */
export const EXPORT_STREAMS = ["audit", "alerts"] as const;
export type ExportStream = (typeof EXPORT_STREAMS)[number];

/** Where they are exported to. */
export type ExportSink = "kafka" | "archive";

/** An event of a log. */
export interface LoggedEvent {
  /** Place in the log, ascending. Every reader of the log sees the events in this order, and misses none. */
  readonly position: number;
  /** When the log recorded it, epoch milliseconds: the archive puts the events of an hour into one file. */
  readonly recordedMs: number;
  readonly event: CloudEvent;
}

/** How far a sink has a log. Only the holder of the latest claim may move it. */
export interface ExportCursor {
  readonly sink: ExportSink;
  readonly stream: ExportStream;
  /** Position of the last event that the sink has stored. 0: none. */
  readonly position: number;
  /** Last position of the next file of the archive, as planned. Null: no file is planned. */
  readonly plannedEnd: number | null;
  readonly claim: number;
}

/** How far a sink is behind a log. */
export interface ExportBacklog {
  readonly sink: ExportSink;
  readonly stream: ExportStream;
  /** Events that the sink does not have; of alerts, positions without an event are counted too. */
  readonly events: number;
  /** Age of the oldest of them, seconds. 0: there is none. */
  readonly oldestAgeS: number;
}

/** The logs, and how far each sink has them. */
export interface ExportLog {
  /** Claims a log for a sink for `leaseMs`. Null: another process has it. */
  claim(sink: ExportSink, stream: ExportStream, leaseMs: number): Promise<ExportCursor | null>;
  /** Lists the events after a position that are final: no event before them can still appear. */
  read(stream: ExportStream, after: number, limit: number): Promise<readonly LoggedEvent[]>;
  /** Stores the end of a file before it is written. @returns false when another process has the log */
  plan(cursor: ExportCursor, plannedEnd: number): Promise<boolean>;
  /** Stores that the sink has all events up to a position, and releases the claim. @returns false as above */
  advance(cursor: ExportCursor, position: number): Promise<boolean>;
  /** Releases the claim. */
  release(cursor: ExportCursor): Promise<void>;
  readBacklog(sink: ExportSink, stream: ExportStream): Promise<ExportBacklog>;
}

/** One pass over a log: sends what the sink does not have. Returns whether there is more. */
export type ExportPass = (stream: ExportStream, signal: AbortSignal) => Promise<boolean>;

const BATCH_EVENTS = 500;
/** Longer than one pass, so that a pass is not overtaken. */
export const KAFKA_LEASE_MS = 30_000;
const SEND_MS = 20_000;

/**
 * Sends the next events of a log, and then moves the cursor. A process that is killed in between leaves the cursor, so
 * that the events are sent again with the same ids.
 * @param send resolves when all events are stored
 */
export function createSendingPass(
  log: ExportLog,
  send: (stream: ExportStream, events: readonly CloudEvent[], signal: AbortSignal) => Promise<void>,
  leaseMs = KAFKA_LEASE_MS,
): ExportPass {
  return async (stream, signal) => {
    const cursor = await log.claim("kafka", stream, leaseMs);
    if (cursor === null) return false;
    try {
      const events = await log.read(stream, cursor.position, BATCH_EVENTS);
      const last = events.at(-1);
      if (last === undefined) {
        await log.release(cursor);
        return false;
      }
      const within = AbortSignal.any([signal, AbortSignal.timeout(SEND_MS)]);
      await send(
        stream,
        events.map(({ event }) => event),
        within,
      );
      return (await log.advance(cursor, last.position)) && events.length === BATCH_EVENTS;
    } catch (error) {
      await log.release(cursor).catch(() => {});
      throw error;
    }
  };
}
