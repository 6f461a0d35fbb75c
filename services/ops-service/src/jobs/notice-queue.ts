import { setTimeout as delay } from "node:timers/promises";
import type { JobQueue, Queues } from "@bellwether/queue/open-queue";
import type { NoticeJob } from "../domain/notices/deliver-notice.ts";

/** Name of the queue. */
export const NOTICE_QUEUE = "notices";

export interface NoticeQueueOptions {
  /** @throws StorageError while the store of the jobs does not answer */
  readonly openQueues: () => Promise<Queues>;
  /** Works on one job. It is called for at most `concurrency` jobs at the same time. */
  readonly work: (job: NoticeJob) => Promise<void>;
  readonly concurrency: number;
  /** Called when the store does not answer, and when it answers again. Null: it answers. */
  readonly report: (error: unknown | null) => void;
}

/** The jobs of notices, in a store that may be away. */
export interface NoticeQueue extends AsyncDisposable {
  /** Whether the store has answered since the start. */
  readonly isOpen: () => boolean;
  /** Adds jobs. Returns false when the store does not answer. */
  add(jobs: readonly NoticeJob[]): Promise<boolean>;
}

const OPEN_AGAIN_MS = 5_000;
/** Time after which the job of a killed worker counts as stalled. A later job has its notice before that. */
const LOCK_MS = 30_000;
/** A stalled job is not needed: the relay has given its notice another job. */
const MAX_STALLED = 1;

/** Opens the queue in the background, and again until it is open. */
export function openNoticeQueue({ openQueues, work, concurrency, report }: NoticeQueueOptions): NoticeQueue {
  const stopped = new AbortController();
  let opened: { readonly queues: Queues; readonly queue: JobQueue<NoticeJob, null> } | undefined;
  const open = async (): Promise<void> => {
    while (!stopped.signal.aborted && !opened) {
      try {
        const queues = await openQueues();
        if (stopped.signal.aborted) return await queues.close();
        opened = { queues, queue: queues.queue<NoticeJob, null>(NOTICE_QUEUE) };
        queues.worker<NoticeJob, null>(
          NOTICE_QUEUE,
          async ({ data }) => {
            await work(data);
            return null;
          },
          { concurrency, lockDuration: LOCK_MS, maxStalledCount: MAX_STALLED },
        );
      } catch (error) {
        report(error);
        await delay(OPEN_AGAIN_MS, undefined, { signal: stopped.signal, ref: false }).catch(() => {});
      }
    }
  };
  const opening = open();
  return {
    isOpen: () => opened !== undefined,
    async add(jobs) {
      if (jobs.length === 0) return true;
      if (!opened) return false;
      try {
        await opened.queue.addBulk(
          jobs.map((data) => ({
            name: NOTICE_QUEUE,
            data,
            // The notice has its own attempts, and its own log.
            opts: { jobId: `${data.noticeId}-${data.claim}`, attempts: 1, removeOnComplete: true, removeOnFail: true },
          })),
        );
        report(null);
        return true;
      } catch (error) {
        report(error);
        return false;
      }
    },
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await opening;
      await opened?.queues.close();
    },
  };
}
