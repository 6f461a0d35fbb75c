import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { openRegistry } from "@bellwether/registry/open-registry";
import { firstMessage, type NodeProcess, spawnNode } from "@bellwether/testing/node-process";
import { createClient } from "@connectrpc/connect";
import { createLoad, type Phase } from "./load.ts";
import { startPublisher } from "./publisher.ts";
import { BAD_KINDS, publishGood } from "./versions.ts";

const REPLICAS = 2;
const GOOD = 4;
/** Share of the capacity at which the calls are made. */
const LOAD = 0.3;
/** Every fourth swap is to a version that must not be served. */
const BAD_EVERY = 4;
/** Swaps before the first measurement, so that what every process allocates once is not counted as growth. */
const WARM_UP_SWAPS = 8;
/** Time after which a swap that did not happen is an error, ms. */
const GIVE_UP_MS = 60_000;

export interface SwapFigures {
  readonly quiet: Phase;
  readonly swapping: Phase;
  readonly capacity: number;
  /** Time from the move of the alias until every replica serves the version, or has rejected it, s: each swap. */
  readonly convergenceS: readonly number[];
  /** Largest growth of the resident memory of a replica over all swaps, as a share. */
  readonly rssGrowth: number;
  readonly rssMb: readonly number[];
}

/**
 * Makes swaps of the champion under load on two replicas, and a quiet phase of equal length before them.
 * @param folder for the copies of the replicas
 */
export async function measureSwaps(
  url: string,
  folder: string,
  swaps: number,
  log: (line: string) => void,
): Promise<SwapFigures> {
  await using opened = new AsyncDisposableStack();
  const registry = openRegistry(url, process.cwd(), {});
  const good = await publishGood(registry, GOOD);
  const publisher = opened.use(startPublisher({ url, unserved: good.unserved }));
  const script = path.resolve(import.meta.dirname, "replica.ts");
  const started = Array.from({ length: REPLICAS }, (_, i) =>
    opened.use(spawnNode(script, { args: [url, path.join(folder, `copies-${i}`)] })),
  );
  const urls: string[] = [];
  for (const replica of started) urls.push((await firstMessage<{ readonly grpc: string }>(replica, "replica")).grpc);
  const load = opened.use(createLoad(urls, good.scores));
  const statuses = urls.map((one) => createClient(ModelRegistryService, opened.use(createMeshTransport({ url: one }))));
  await load.capacity(2_000);
  const capacity = await load.capacity(3_000);
  log(`capacity ${capacity.toFixed(0)} calls/s of ${REPLICAS} replicas`);

  let made = 0;
  const swap = async (): Promise<number> => {
    const number = made++;
    const isBad = number % BAD_EVERY === BAD_EVERY - 1;
    const kind = BAD_KINDS[Math.floor(number / BAD_EVERY) % BAD_KINDS.length] ?? "corrupt";
    const version = isBad ? await publisher.publishBad(kind) : (good.versions[(number + 1) % GOOD] ?? "v1");
    const isDone = async (): Promise<boolean> => {
      const answers = await Promise.all(statuses.map((status) => status.getReplicaStatus({})));
      return answers.every(({ servedVersion, rejection }) =>
        isBad ? rejection?.version === version : servedVersion === version,
      );
    };
    await publisher.moveChampion(version);
    const began = performance.now();
    while (!(await isDone())) {
      if (performance.now() - began > GIVE_UP_MS)
        throw new Error(`${version} (${isBad ? kind : "good"}) was not taken up`);
      await pause(20);
    }
    return (performance.now() - began) / 1_000;
  };

  for (let i = 0; i < WARM_UP_SWAPS; i++) await swap();
  const rate = LOAD * capacity;
  const warmUp = load.start(rate);
  await pause(5_000);
  await warmUp.end();
  const before = await Promise.all(started.map(residentMb));

  const swapping = load.start(rate);
  const swapsBegan = performance.now();
  const convergenceS: number[] = [];
  for (let i = 0; i < swaps; i++) {
    convergenceS.push(await swap());
    if ((i + 1) % 20 === 0)
      log(`${i + 1} swaps; resident ${(await Promise.all(started.map(residentMb))).join(", ")} MB`);
  }
  const lengthMs = performance.now() - swapsBegan;
  const swapped = await swapping.end();
  const after = await Promise.all(started.map(residentMb));
  const quietLoad = load.start(rate);
  await pause(lengthMs);
  const quiet = await quietLoad.end();
  const rssGrowth = Math.max(...after.map((mb, i) => mb / (before[i] ?? mb) - 1));
  return { quiet, swapping: swapped, capacity, convergenceS, rssGrowth, rssMb: after };
}

async function residentMb({ child }: NodeProcess): Promise<number> {
  const kb = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${child.pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kb) / 1_024);
}
