import { setTimeout as pause } from "node:timers/promises";
import type { SpooledEvent } from "../domain/audit-event.ts";
import type { CountDroppedEvents, SpooledEventDestination } from "../domain/audit-ports.ts";
import type { EventSpool } from "./bounded-spool.ts";
import { eventFromLine } from "./event-line.ts";

/** Sends the events of the spool to the destination of the sink. */
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
  /** Opens the destination. Called at the start, and again when it has failed. */
  readonly open: () => Promise<SpooledEventDestination>;
  readonly lost: CountDroppedEvents;
  readonly logger: ForwarderLogger;
}

export interface ForwarderLogger {
  info(message: string): void;
  warn(fields: object, message: string): void;
}

/** Pause between two messages, so that more lines are sent in one message. */
const GATHER_MS = 200;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;

/**
 * Sends the lines of the spool in order, each at least once, and retries while the destination does not answer.
 */
export function startForwarder({ spool, open, lost, logger }: ForwarderOptions): Forwarder {
  const calls = new AbortController();
  const stopping = new AbortController();
  let wake = (): void => {};
  let opening: Promise<SpooledEventDestination> | undefined;
  /** Events of the oldest segment that are stored: a destination that fails now and then still gets to its end. */
  let stored = 0;

  const sleep = (ms: number): Promise<void> =>
    pause(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
  const newLines = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      if (stopping.signal.aborted) resolve();
    });

  /**
   * When the destination rejects a message, sends each half of it again, until only the invalid event is left.
   */
  const send = async (to: SpooledEventDestination, events: readonly SpooledEvent[]): Promise<void> => {
    try {
      await to.send(events, calls.signal);
    } catch (error) {
      if (!isRejection(error)) throw error;
      if (events.length === 1) {
        const [event] = events;
        logger.warn({ err: error, eventId: event?.eventId, kind: event?.kind }, "an event is rejected and dropped");
        // A gap event about a gap event would be rejected again.
        return lost(event?.kind === "events.dropped" ? 0 : 1, "rejected");
      }
      const half = events.length >> 1;
      await send(to, events.slice(0, half));
      await send(to, events.slice(half));
    }
  };
  /** Returns the destination. After a failure, the next call opens it again. */
  const opened = (): Promise<SpooledEventDestination> => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  /** Sends the oldest segment. Returns false when the spool is empty. */
  const sendOldest = async (): Promise<boolean> => {
    const segment = await spool.oldest();
    if (segment === null) return false;
    const events = segment.lines.map(eventFromLine).filter((event) => event !== null);
    const destination = await opened();
    const { maxEvents } = destination;
    while (stored < events.length) {
      const next = events.slice(stored, stored + maxEvents);
      await send(destination, next);
      stored += next.length;
    }
    await segment.remove();
    stored = 0;
    lost(segment.lines.length - events.length, "cut_short");
    return true;
  };
  const run = async (): Promise<void> => {
    let failures = 0;
    let shown = "";
    while (true) {
      try {
        await opened();
        const didSend = await sendOldest();
        if (failures > 0) logger.info("events are accepted again");
        failures = 0;
        shown = "";
        if (didSend) await sleep(GATHER_MS);
        else if (stopping.signal.aborted) return;
        else await newLines();
      } catch (error) {
        if (stopping.signal.aborted) return;
        failures++;
        // A destination that is away and then rejects the credentials needs another way out.
        const message = error instanceof Error ? error.message : String(error);
        if (message !== shown) logger.warn({ err: error }, "events are not accepted; they are kept on disk");
        shown = message;
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
      await opening?.then((destination) => destination.close()).catch(() => {});
    },
  };
}

/** Destinations of other projects cannot import the class of the error. */
const isRejection = (error: unknown): boolean => error instanceof Error && error.name === "SinkRejectedError";
