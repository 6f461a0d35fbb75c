import { parentPort, workerData } from "node:worker_threads";
import { openRegistry } from "@bellwether/registry/open-registry";
import { type BadKind, moveChampion, publishBad, type UnservedModels } from "./versions.ts";

/** The data with which publisher.ts starts this thread. */
export interface PublishWorkerData {
  /** URL of the registry. */
  readonly url: string;
  readonly unserved: UnservedModels;
}

/** A message to the thread, which answers each with the version. */
export type PublishTask =
  | { readonly kind: "publish"; readonly bad: BadKind }
  | { readonly kind: "move"; readonly version: string };

const { url, unserved } = workerData as PublishWorkerData;
const registry = openRegistry(url, process.cwd(), {});

async function perform(task: PublishTask): Promise<string> {
  if (task.kind === "publish") return await publishBad(registry, task.bad, unserved);
  await moveChampion(registry, task.version);
  return task.version;
}

parentPort?.on("message", async (task: PublishTask) => parentPort?.postMessage(await perform(task)));
