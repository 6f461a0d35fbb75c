import { setTimeout as delay } from "node:timers/promises";
import type { Queues } from "@bellwether/queue/open-queue";
import type { Logger } from "@bellwether/telemetry/logger";
import {
  type AttemptReport,
  type DeliveryPorts,
  deliverNotice,
  type NoticeJob,
  type OutboxFigures,
  type RelayPass,
} from "../domain/notices/deliver-notice.ts";
import type { Destination } from "../domain/notices/notice.ts";
import { createNoticeMetrics } from "./notice-metrics.ts";
import { openNoticeQueue } from "./notice-queue.ts";

export interface NoticeDeliveryOptions extends Omit<DeliveryPorts, "findDestination"> {
  readonly destinations: readonly Destination[];
  /** Maximum number of attempts at the same time. */
  readonly concurrency: number;
  /** @throws StorageError while the store of the jobs does not answer */
  readonly openQueues: () => Promise<Queues>;
  /**
   * Moves the outbox forward, and claims notices for jobs when `claims` is true. Undefined: another replica is doing
   * it.
   */
  readonly relay: (claims: boolean) => Promise<RelayPass | undefined>;
  /** Gives back the claims of jobs that could not be added to the queue. */
  readonly release: (jobs: readonly NoticeJob[]) => Promise<void>;
  readonly readFigures: () => Promise<OutboxFigures>;
  /**
   * Deletes old notices, and ends notices that cannot be delivered. Resolves with the number of ended notices by
   * destination.
   */
  readonly clean: () => Promise<ReadonlyMap<string, number>>;
  readonly logger: Pick<Logger, "info" | "warn" | "error">;
}

/** The delivery of notices. */
export interface NoticeDelivery extends AsyncDisposable {
  /** Looks at the outbox now. */
  nudge(): void;
}

/** Interval at which the outbox is read. A notice leaves at most this long after its transaction. */
const RELAY_MS = 1_000;
const FIGURES_MS = 10_000;
const CLEAN_MS = 10 * 60_000;

/**
 * Delivers notices: relays the outbox at intervals, and works on the jobs of the queue. Any number of processes may do
 * this. While the database or the store of the jobs does not answer, notices wait.
 */
export function startNoticeDelivery(options: NoticeDeliveryOptions): NoticeDelivery {
  const { destinations, concurrency, openQueues, relay, release, readFigures, clean, logger } = options;
  const byName = new Map(destinations.map((one) => [one.name, one]));
  const ports: DeliveryPorts = { ...options, findDestination: (name) => byName.get(name) };
  const stopped = new AbortController();
  const { signal } = stopped;
  const metrics = createNoticeMetrics();
  let resting = new AbortController();
  const nudge = (): void => resting.abort();

  const queue = openNoticeQueue({
    openQueues,
    concurrency,
    report: createOutageLog(
      logger,
      "notices wait: the store of the jobs does not answer",
      "notices are delivered again",
    ),
    async work(job: NoticeJob) {
      const onError = (error: unknown): void => logger.error({ err: error, notice: job.noticeId }, "a sender failed");
      const done = await deliverNotice(job, ports, { signal, onError });
      if (!done) return;
      metrics.attempt(done, byName.get(done.begun.destination)?.channel ?? "unknown");
      logAttempt(logger, done);
      // The destination can take its next notice.
      nudge();
    },
  });

  const reportRelay = createOutageLog(logger, "notices wait: the outbox cannot be read", "the outbox is read again");
  const runRelay = async (): Promise<void> => {
    while (!signal.aborted) {
      resting = new AbortController();
      const pass = await relay(queue.isOpen()).catch((error: unknown) => {
        if (!signal.aborted) reportRelay(error);
        return null;
      });
      if (pass) {
        metrics.leftOut(pass);
        // The queue is being closed after a stop. If the release fails too, the claims end after their time.
        const isAdded = pass.jobs.length === 0 || (!signal.aborted && (await queue.add(pass.jobs)));
        if (!isAdded) await release(pass.jobs).catch(() => {});
      }
      if (pass !== null) reportRelay(null);
      if (pass?.hasMore) continue;
      await delay(RELAY_MS, undefined, { signal: AbortSignal.any([signal, resting.signal]), ref: false }).catch(
        () => {},
      );
    }
  };
  const repeat = async (work: () => Promise<void>, ms: number): Promise<void> => {
    while (!signal.aborted) {
      // A failure is reported by the relay, which reads the same database.
      await work().catch(() => {});
      await delay(ms, undefined, { signal, ref: false }).catch(() => {});
    }
  };
  const cleanUp = async (): Promise<void> => {
    for (const [destination, notices] of await clean())
      logger.warn({ destination, notices }, "notices were not delivered in time and are dead");
  };
  const running = Promise.all([
    runRelay(),
    repeat(async () => metrics.figures(await readFigures()), FIGURES_MS),
    repeat(cleanUp, CLEAN_MS),
  ]);
  return {
    nudge,
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await queue[Symbol.asyncDispose]();
      await running;
      metrics[Symbol.dispose]();
    },
  };
}

/** Logs the begin and the end of an outage, once each. */
function createOutageLog(logger: NoticeDeliveryOptions["logger"], begin: string, end: string) {
  let isOut = false;
  return (error: unknown | null): void => {
    if (error !== null && !isOut) logger.warn({ err: error }, begin);
    if (error === null && isOut) logger.info(end);
    isOut = error !== null;
  };
}

function logAttempt(logger: NoticeDeliveryOptions["logger"], { job, begun, decision }: AttemptReport): void {
  const { destination, attempt } = begun;
  const about = { notice: job.noticeId, destination, attempt, reason: decision.reason };
  if (decision.disables)
    logger.warn(about, "a destination wants no more notices: it is disabled until a person enables it");
  else if (decision.state === "dead") logDead(logger, about);
}

/** Logs that a notice is dead. */
export function logDead(logger: NoticeDeliveryOptions["logger"], about: object): void {
  logger.warn(about, "a notice is dead: replay it when its cause is mended");
}
