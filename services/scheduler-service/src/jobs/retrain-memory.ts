import { createPeerOutage } from "@bellwether/mesh/errors/peer-outage";
import type { Logger } from "@bellwether/telemetry/logger";
import type { RetrainResult } from "../domain/retrain.ts";
import type { RetrainEvent } from "../domain/retrain-event.ts";
import { type RetrainRecord, type RetrainStore, withBegun, withEnded, withReported } from "../domain/retrain-record.ts";

export interface RetrainMemoryDeps {
  readonly store: RetrainStore;
  readonly eventOf: (record: RetrainRecord) => RetrainEvent | null;
  /** Appends events to the audit log. Appending an event twice stores it once. */
  readonly append: (events: readonly RetrainEvent[], signal: AbortSignal) => Promise<void>;
  readonly now: () => Date;
  readonly logger: Pick<Logger, "info" | "warn">;
}

/** The last retrains: begun, ended, and reported to the audit log. Changes are made one after the other. */
export interface RetrainMemory {
  read(): Promise<readonly RetrainRecord[]>;
  begin(record: Pick<RetrainRecord, "number" | "jobId" | "trigger" | "reason" | "actor" | "window">): Promise<void>;
  end(jobId: string, result: RetrainResult): Promise<void>;
  /** Sends what the audit log does not have yet. An error is logged; the next call tries again. */
  report(signal: AbortSignal): Promise<void>;
}

/** Creates the memory over a store. */
export function createRetrainMemory({ store, eventOf, append, now, logger }: RetrainMemoryDeps): RetrainMemory {
  const outage = createPeerOutage({
    logger,
    text: "the end of a retrain is not in the audit log yet; the next check sends it",
  });
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => {});
    return turn;
  };
  const change = (of: (records: readonly RetrainRecord[]) => readonly RetrainRecord[]): Promise<void> =>
    inTurn(async () => {
      const before = await store.read();
      const after = of(before);
      if (after !== before) await store.write(after);
    });
  return {
    read: () => inTurn(() => store.read()),
    begin: (begun) => change((records) => withBegun(records, { ...begun, beganMs: now().getTime() })),
    end: (jobId, result) => change((records) => withEnded(records, jobId, result, now().getTime())),
    async report(signal) {
      try {
        for (const record of await inTurn(() => store.read())) {
          const event = record.isReported ? null : eventOf(record);
          if (event === null) continue;
          await append([event], signal);
          await change((records) => withReported(records, record.number));
        }
        outage.end();
      } catch (error) {
        if (!signal.aborted) outage.report(error);
      }
    },
  };
}
