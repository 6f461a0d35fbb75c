import { setTimeout as pause } from "node:timers/promises";
import type { AuditEvent } from "../domain/audit-event.ts";
import { type AppendToSink, type CountDroppedEvents, SinkRejectedError } from "../domain/audit-ports.ts";
import { eventFromLine } from "./event-line.ts";
import type { EventSpool } from "./event-spool.ts";

/** Sends the events of the spool to the audit log of ops-service. */
export interface Forwarder {
  /** Notifies the forwarder that the spool has new lines. */
  nudge(): void;
  /**
   * Sends the remaining events, for at most `withinMs`, and ends. Events that could not be sent stay in the
   * spool.
   */
  stop(withinMs: number): Promise<void>;
}

export interface ForwarderOptions {
  readonly spool: Pick<EventSpool, "oldest">;
  readonly append: AppendToSink;
  readonly lost: CountDroppedEvents;
  readonly logger: ForwarderLogger;
}

export interface ForwarderLogger {
  info(message: string): void;
  warn(fields: object, message: string): void;
}

/** Maximum number of events in one message: the limit of AppendEventsRequest. */
const SEND_EVENTS = 500;
/** Pause between two messages, so that more lines are sent in one message. */
const GATHER_MS = 200;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;

/**
 * Sends the lines of the spool in order, each at least once, and retries while the audit log does not answer.
 */
export function startForwarder({ spool, append, lost, logger }: ForwarderOptions): Forwarder {
  const calls = new AbortController();
  const stopping = new AbortController();
  let wake = (): void => {};

  const sleep = (ms: number): Promise<void> =>
    pause(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
  const newLines = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      if (stopping.signal.aborted) resolve();
    });

  /**
   * When the audit log rejects a message, sends each half of it again, until only the invalid event is left.
   */
  const send = async (events: readonly AuditEvent[]): Promise<void> => {
    try {
      await append(events, calls.signal);
    } catch (error) {
      if (!(error instanceof SinkRejectedError)) throw error;
      if (events.length === 1) return lost(1, "rejected");
      const half = events.length >> 1;
      await send(events.slice(0, half));
      await send(events.slice(half));
    }
  };
  /** Sends the oldest segment. Returns false when the spool is empty. */
  const sendOldest = async (): Promise<boolean> => {
    const segment = await spool.oldest();
    if (segment === null) return false;
    const events = segment.lines.map(eventFromLine).filter((event) => event !== null);
    for (let i = 0; i < events.length; i += SEND_EVENTS) await send(events.slice(i, i + SEND_EVENTS));
    await segment.remove();
    lost(segment.lines.length - events.length, "cut_short");
    return true;
  };
  const run = async (): Promise<void> => {
    let failures = 0;
    while (true) {
      try {
        const didSend = await sendOldest();
        if (failures > 0) logger.info("the audit log accepts events again");
        failures = 0;
        if (didSend) await sleep(GATHER_MS);
        else if (stopping.signal.aborted) return;
        else await newLines();
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (failures++ === 0)
          logger.warn({ err: error }, "the audit log does not accept events; they are kept on disk");
        await sleep(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 10)));
      }
    }
  };
  const ended = run();
  return {
    nudge: () => wake(),
    async stop(withinMs) {
      stopping.abort();
      wake();
      const late = setTimeout(() => calls.abort(new Error("stopped")), withinMs);
      await ended;
      clearTimeout(late);
    },
  };
}
