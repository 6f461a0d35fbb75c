import { setTimeout as delay } from "node:timers/promises";
import { newUuidV7 } from "@bellwether/contract/uuid-v7";
import { createPeerOutage, type OutageLog } from "../errors/peer-outage.ts";
import type { CallEvent } from "./audit-calls.ts";

/** An event with its id. The payload is JSON with `producer` and `sequence`, so that the log notices a lost event. */
export interface QueuedEvent extends Omit<CallEvent, "payload"> {
  readonly eventId: string;
  readonly payloadJson: string;
}

export interface AuditQueueOptions {
  /** Appends at most 500 events to the log. The same events are appended again after an error. */
  readonly append: (events: readonly QueuedEvent[], signal: AbortSignal) => Promise<void>;
  /** Gets a line when events do not fit any more, and when the log does not accept events: once until it accepts them again. */
  readonly logger: OutageLog;
}

/** Sends events to the log, without delaying who records them. */
export interface AuditQueue extends AsyncDisposable {
  readonly record: (event: CallEvent) => void;
}

const APPEND_EVENTS = 500;
const MAX_EVENTS = 10_000;
/** Pause before events are appended, so that more of them share a transaction. */
const GATHER_MS = 200;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;
/** Time for which the end of a process waits for its last events. */
const STOP_MS = 2_000;

/**
 * Creates the queue of a process. It has at most 10,000 events; further ones are dropped, which leaves a gap in the sequence
 * of the process. A killed process loses the events of its last 200 ms.
 */
export function createAuditQueue({ append, logger }: AuditQueueOptions): AuditQueue {
  const producer = newUuidV7();
  const outage = createPeerOutage({ logger, text: "calls are not in the audit log yet" });
  const stopping = new AbortController();
  const ended = new AbortController();
  let queue: QueuedEvent[] = [];
  let sequence = 0;
  let dropped = 0;
  let working: Promise<void> | undefined;

  const work = async (): Promise<void> => {
    for (let failures = 0; queue.length > 0 && !ended.signal.aborted; ) {
      const ms = failures === 0 ? GATHER_MS : Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
      await delay(ms, undefined, { signal: failures === 0 ? stopping.signal : ended.signal, ref: false }).catch(
        () => {},
      );
      const batch = queue.slice(0, APPEND_EVENTS);
      try {
        await append(batch, ended.signal);
        queue = queue.slice(batch.length);
        failures = 0;
        outage.end();
      } catch (error) {
        if (ended.signal.aborted) return;
        failures++;
        outage.report(error);
        if (dropped > 0) logger.warn({ dropped }, "calls do not fit any more and are not in the audit log");
        dropped = 0;
      }
    }
  };
  const start = (): void => {
    working ??= work().finally(() => {
      working = undefined;
      if (queue.length > 0 && !ended.signal.aborted) start();
    });
  };
  return {
    record({ payload, ...event }) {
      sequence++;
      if (queue.length >= MAX_EVENTS || ended.signal.aborted) {
        dropped++;
        return;
      }
      const payloadJson = JSON.stringify({ ...payload, producer, sequence });
      queue.push({ ...event, eventId: newUuidV7(), payloadJson });
      start();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      const timer = setTimeout(() => ended.abort(), STOP_MS);
      await working;
      clearTimeout(timer);
      ended.abort();
    },
  };
}
