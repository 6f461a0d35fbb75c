// Measures the time from the start of the process of ml-service until it serves its model, against an empty grpc-js server.
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { firstMessage, spawnNode } from "@bellwether/testing/node-process";
import { type Bench, metric } from "./metric.ts";
import { startMlService } from "./serving/ml-service.ts";
import { publishServingModel } from "./serving/serving-model.ts";
import { median } from "./statistics.ts";

const ROUNDS = 5;

export const bench: Bench = async ({ log }) => {
  const root = await mkdtemp(path.join(os.tmpdir(), "bench-startup-"));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rm(root, { recursive: true, force: true }));
  const registry = path.join(root, "registry");
  await publishServingModel(registry, true);
  /** A compile cache is written when its process ends, so each folder is filled by the start before it. */
  const service = async (cache: string): Promise<number> => {
    await using ml = await startMlService(registry, { NODE_COMPILE_CACHE: cache });
    return ml.startMs;
  };
  const warm = path.join(root, "cache");
  for (let run = 0; run < 2; run++) {
    await service(warm);
    await emptyServer(warm);
  }
  const times = { ours: [] as number[], bare: [] as number[], cold: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    times.bare.push(await emptyServer(warm));
    times.ours.push(await service(warm));
    times.cold.push(await service(path.join(root, `cold-${round}`)));
    const [ours, bare, cold] = [times.ours, times.bare, times.cold].map((list) => list.at(-1)?.toFixed(0));
    log(
      `${round + 1}/${ROUNDS}: empty grpc-js server ${bare} ms, ml-service ${ours} ms, without compile cache ${cold} ms`,
    );
  }
  const ratios = times.ours.map((ms, i) => ms / (times.bare[i] ?? Number.NaN));
  return [
    metric({
      ...{ name: "startup.ratio", value: median(ratios), unit: "ratio", better: "lower", gate: 4, stretch: 2.5 },
      peer: "an empty grpc-js server, with the same compile cache",
    }),
    metric({ name: "startup.ms", value: median(times.ours), unit: "ms", better: "lower" }),
    metric({ name: "startup.cold_ms", value: median(times.cold), unit: "ms without a compile cache", better: "lower" }),
  ];
};

/** Starts an empty server of grpc-js and ends it. Returns the time until it listens, ms. */
async function emptyServer(cache: string): Promise<number> {
  const script = new URL("./serving/empty-server.ts", import.meta.url).pathname;
  const began = performance.now();
  const started = spawnNode(script, { env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: cache } });
  await firstMessage(started, "the empty server");
  const ms = performance.now() - began;
  started.child.disconnect();
  await started.ended;
  return ms;
}
