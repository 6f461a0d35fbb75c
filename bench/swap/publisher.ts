import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { PublishTask, PublishWorkerData } from "./publish-worker.ts";
import type { BadKind } from "./versions.ts";

/** Changes the registry in its own thread: the thread that makes the calls would measure its own work, too. */
export interface Publisher extends AsyncDisposable {
  /** Publishes a version that must not be served. Returns it. */
  publishBad(kind: BadKind): Promise<string>;
  moveChampion(version: string): Promise<void>;
}

/** Starts the thread. One task at a time. */
export function startPublisher(workerData: PublishWorkerData): Publisher {
  const worker = new Worker(new URL("./publish-worker.ts", import.meta.url), { workerData });
  const perform = async (task: PublishTask): Promise<string> => {
    worker.postMessage(task);
    const [version] = await once(worker, "message");
    return version;
  };
  return {
    publishBad: (kind) => perform({ kind: "publish", bad: kind }),
    async moveChampion(version) {
      await perform({ kind: "move", version });
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
