import { setTimeout as pause } from "node:timers/promises";
import type { AuditEvent } from "../domain/audit-event.ts";
import { type AppendToSink, type CountDroppedEvents, SinkRejectedError } from "../domain/audit-ports.ts";
import { eventFromLine } from "./event-line.ts";
import type { EventSpool } from "./event-spool.ts";

/** Brings what is spooled to the trail. */
export interface Forwarder {
  /** Says that there are new lines. */
  nudge(): void;
  /** Sends what is left, for at most `withinMs`, and ends; what could not be sent stays in the spool. */
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

/** Events of one message, AppendEvents' bound. */
const SEND_EVENTS = 500;
/** Between two sends, so that lines gather. */
const GATHER_MS = 200;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;

/** Sends the spool's lines in their order, each at least once, and tries for as long as the trail does not answer. */
export function startForwarder({ spool, append, lost, logger }: ForwarderOptions): Forwarder {
  const calls = new AbortController();
  const stopping = new AbortController();
  let wake = (): void => {};

  const rest = (ms: number): Promise<void> =>
    pause(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
  const status = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      if (stopping.signal.aborted) resolve();
    });

  /** What the trail refuses is halved until the one event at fault stands alone. */
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
  /** Sends the oldest lines. False: there were none. */
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
        if (failures > 0) logger.info("the audit trail takes events again");
        failures = 0;
        if (didSend) await rest(GATHER_MS);
        else if (stopping.signal.aborted) return;
        else await status();
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (failures++ === 0) logger.warn({ err: error }, "the audit trail takes no events; they are kept on disk");
        await rest(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 10)));
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
