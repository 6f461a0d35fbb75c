import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { ShadowService } from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { DEMO_SPEC, demoSupplier, publishDemoModel, trainDemoModel } from "@bellwether/testing/demo-model";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { type Bench, metric } from "./metric.ts";
import { quantile } from "./statistics.ts";

/** Blocks of each service, which take turns, calls of a block, and calls at the same time. */
const BLOCKS = 24;
const CALLS = 600;
const IN_FLIGHT = 4;
const WARM_UP_BLOCKS = 3;
const SUPPLIERS = 1_000;
const SHARES = [0, 0.1, 1];

/**
 * Measures Predict of ml-service with several shares of suppliers that the challenger scores too: CPU time of the process for a call, its
 * shadow thread included, and the median of the p99 of the blocks. The services take turns in blocks, so that other load on the machine slows all equally.
 */
export const bench: Bench = async ({ log }) => {
  const root = await mkdtemp(path.join(os.tmpdir(), "bench-shadow-"));
  try {
    await publishPair(root);
    await using services = new AsyncDisposableStack();
    const measured = [];
    for (const share of SHARES) measured.push(await openService(root, share, services));
    for (let block = 0; block < WARM_UP_BLOCKS + BLOCKS; block++)
      for (const service of block % 2 === 0 ? measured : measured.toReversed())
        await service.runBlock(block >= WARM_UP_BLOCKS);
    const results = await Promise.all(measured.map((service) => service.result()));
    for (const { share, cpuMicros, p99Ms, compared, dropped } of results)
      log(
        `share ${share}: ${cpuMicros.toFixed(0)} µs of CPU a call, p99 ${p99Ms.toFixed(2)} ms; compared ${compared}, dropped ${dropped}`,
      );
    const [none] = results;
    return results.slice(1).flatMap(({ share, cpuMicros, p99Ms }) => [
      metric({
        ...{ name: `shadow.cpu.${share}`, value: cpuMicros / (none?.cpuMicros ?? Number.NaN), unit: "ratio" },
        ...{ peer: "share 0 in the same run", better: "lower" },
      }),
      metric({
        ...{ name: `shadow.p99.${share}`, value: p99Ms / (none?.p99Ms ?? Number.NaN), unit: "ratio" },
        ...{ peer: "share 0 in the same run", better: "lower" },
      }),
    ]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};

async function publishPair(root: string): Promise<void> {
  await publishDemoModel(root);
  const [modelName, now] = [DEMO_SPEC.name, new Date()];
  const publication = { ...(await trainDemoModel(7)), modelName, origin: "trained" as const };
  const rest = { configHash: "c".repeat(64), evaluation: null, now };
  const { version } = await publishVersion(root, { ...publication, ...rest }, checkScoringModel);
  const move = { modelName, alias: "challenger" as const, version, setBy: "bench", reason: "measured", now };
  await setAlias(root, move, checkScoringModel);
}

async function openService(root: string, share: number, services: AsyncDisposableStack) {
  const service = services.use(
    await startService("ml-service", { MODEL_REGISTRY_URL: `file:${root}`, SHADOW_SHARE: String(share) }),
  );
  const transport = services.use(createMeshTransport({ url: service.grpc }));
  const client = createClient(InferenceService, transport);
  const suppliers = Array.from({ length: SUPPLIERS }, (_, i) => {
    const { features, categories, text } = demoSupplier(i);
    return { supplierId: `S_${i}`, features, categories, contractText: text };
  });
  /** p99 of each block, ms. */
  const tails: number[] = [];
  let next = 0;
  let cpuNanos = 0;
  let calls = 0;
  return {
    async runBlock(isMeasured: boolean): Promise<void> {
      const before = await cpuNanosOf(service);
      const times: number[] = [];
      await Promise.all(
        Array.from({ length: IN_FLIGHT }, async () => {
          for (let i = 0; i < CALLS / IN_FLIGHT; i++) {
            const start = performance.now();
            await client.predict({ supplier: suppliers[next++ % SUPPLIERS] });
            times.push(performance.now() - start);
          }
        }),
      );
      if (!isMeasured) return;
      cpuNanos += (await cpuNanosOf(service)) - before;
      calls += CALLS;
      tails.push(quantile(times, 0.99));
    },
    async result() {
      const { comparisons } = await createClient(ShadowService, transport).getShadowComparison({});
      return {
        share,
        cpuMicros: cpuNanos / calls / 1_000,
        p99Ms: quantile(tails, 0.5),
        compared: Number(comparisons[0]?.statistics?.rows ?? 0),
        dropped: (comparisons[0]?.losses?.dropped ?? []).reduce((sum, { rows }) => sum + Number(rows), 0),
      };
    },
  };
}

/** Returns the CPU time of all threads of a service, nanoseconds (Linux). */
async function cpuNanosOf({ process: { pid } }: ServiceProcess): Promise<number> {
  const folder = `/proc/${pid}/task`;
  const threads = await readdir(folder);
  const times = await Promise.all(
    threads.map(async (thread) => {
      const text = await readFile(path.join(folder, thread, "schedstat"), "utf8").catch(() => "0");
      return Number(text.split(" ")[0]);
    }),
  );
  return times.reduce((sum, time) => sum + time, 0);
}
