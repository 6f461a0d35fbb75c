import { parentPort, workerData } from "node:worker_threads";
import type { ThreadData, ThreadMessage } from "./run-in-thread.ts";

/** Does the task of this thread, sends one ThreadMessage, and ends the thread. */
export async function answerTask<Task, Report>(work: (data: ThreadData<Task>) => Promise<Report>): Promise<void> {
  const send = (message: ThreadMessage<Report>): void => parentPort?.postMessage(message);
  try {
    send({ report: await work(workerData as ThreadData<Task>) });
  } catch (error) {
    send({
      error:
        error instanceof Error ? { name: error.name, message: error.message } : { name: "", message: String(error) },
    });
  } finally {
    parentPort?.close();
  }
}
