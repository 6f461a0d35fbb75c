import { setTimeout as pause } from "node:timers/promises";
import { createPeerOutage, type OutageLog } from "@bellwether/mesh/errors/peer-outage";
import type { SpooledEvent } from "../domain/audit-event.ts";
import type { CountDroppedEvents, SpooledEventDestination } from "../domain/audit-ports.ts";
import type { EventSpool, SpoolSegment } from "./bounded-spool.ts";
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
  readonly logger: OutageLog;
}

/** Pause between two messages, so that more lines are sent in one message. */
const GATHER_MS = 200;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;
/** Times that the destination ends with one event alone, before this event is dropped. */
const MAX_ENDS = 3;
/** After the destination has ended with a message, the next one has a fourth of its events. After a message that is stored, four times. */
const FACTOR = 4;

/**
 * Sends the lines of the spool in order, each at least once, and retries while the destination does not answer.
 */
export function startForwarder({ spool, open, lost, logger }: ForwarderOptions): Forwarder {
  const calls = new AbortController();
  const stopping = new AbortController();
  let wake = (): void => {};
  let opening: Promise<SpooledEventDestination> | undefined;
  /** Lines of the oldest segment that are done: a destination that fails now and then still gets to its end. */
  let done = 0;
  /** Lines among them that are no events. */
  let incomplete = 0;
  /** Largest number of events of the next message, besides the limit of the destination. */
  let most = Number.POSITIVE_INFINITY;
  /** Times that the destination has ended with the event at `done` alone. */
  let ends = 0;
  /** Failures in a row, without an event that was stored or dropped in between: the next attempt waits longer. */
  let failures = 0;

  const sleep = (ms: number): Promise<void> =>
    pause(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
  const newLines = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      if (stopping.signal.aborted) resolve();
    });

  /** Goes on to the line `next`. */
  const pass = (next: number): void => {
    done = next;
    most *= FACTOR;
    ends = failures = 0;
  };
  const drop = (segment: SpoolSegment, at: number, reason: "rejected" | "sink_ended", err: unknown): void => {
    const [event] = eventsOf(segment.lines(at, at + 1));
    logger.warn({ err, eventId: event?.eventId, kind: event?.kind, reason }, "an event is dropped");
    pass(at + 1);
    // A gap event about a gap event would be dropped again.
    lost(event?.kind === "events.dropped" ? 0 : 1, reason);
  };
  /**
   * Sends the events of some lines. When the destination rejects them, sends each half of them again, until only the
   * invalid event is left. When it ends with them, fewer are sent after a pause, until the event that ends it is alone; after
   * `MAX_ENDS` ends, this event is dropped.
   */
  const send = async (to: SpooledEventDestination, segment: SpoolSegment, from: number, end: number): Promise<void> => {
    try {
      const sent = await sendLines(to, segment.lines(from, end), calls.signal);
      incomplete += end - from - sent;
      pass(end);
    } catch (error) {
      const isAlone = end - from === 1;
      if (isNamed(error, "SinkEndedError")) {
        most = Math.max(1, Math.floor((end - from) / FACTOR));
        if (!isAlone || ++ends < MAX_ENDS) throw error;
        return drop(segment, from, "sink_ended", error);
      }
      if (!isNamed(error, "SinkRejectedError")) throw error;
      if (isAlone) return drop(segment, from, "rejected", error);
      const half = (from + end) >> 1;
      await send(to, segment, from, half);
      await send(to, segment, half, end);
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
    const destination = await opened();
    while (done < segment.length)
      await send(destination, segment, done, Math.min(segment.length, done + Math.min(most, destination.maxEvents)));
    await segment.remove();
    lost(incomplete, "cut_short");
    done = 0;
    incomplete = 0;
    return true;
  };
  const run = async (): Promise<void> => {
    // A destination that is away and then rejects the credentials needs another way out: each cause has a line.
    const outage = createPeerOutage({ logger, text: "events are not accepted; they are kept on disk" });
    while (true) {
      try {
        await opened();
        const didSend = await sendOldest();
        if (outage.end()) logger.info({}, "events are accepted again");
        failures = 0;
        if (didSend) await sleep(GATHER_MS);
        else if (stopping.signal.aborted) return;
        else await newLines();
      } catch (error) {
        if (stopping.signal.aborted) return;
        failures++;
        outage.report(error);
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

/** Returns the events of the lines that are complete. */
const eventsOf = (lines: readonly string[]): SpooledEvent[] =>
  lines.map(eventFromLine).filter((event) => event !== null);

/**
 * Sends the events of the lines that are complete. Resolves with their number. Not async: a function that waits would keep
 * the events in memory.
 */
function sendLines(to: SpooledEventDestination, lines: readonly string[], signal: AbortSignal): Promise<number> {
  const events = eventsOf(lines);
  const { length } = events;
  return length === 0 ? Promise.resolve(0) : to.send(events, signal).then(() => length);
}

/** Destinations of other projects cannot import the class of an error. */
const isNamed = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;
