import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { installMoto, MOTO_ENV, startMoto } from "@bellwether/testing/stores/moto-server";
import { type Bench, type Metric, metric } from "./metric.ts";
import { measureSwaps, type SwapFigures } from "./swap/measure-swaps.ts";

/** Swaps of each store; a fourth of them is to versions that must not be served. */
const SWAPS = 60;

/** Changes of the champion under load, on two replicas, with the registry in a folder and in S3. */
export const bench: Bench = async ({ log }) => await benchSwaps(SWAPS, log);

/** @param swaps number of swaps of each store */
export async function benchSwaps(swaps: number, log: (line: string) => void): Promise<readonly Metric[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bench-swap-"));
  try {
    log(`folder: ${swaps} swaps`);
    const inFolder = await measureSwaps(`file:${path.join(folder, "models")}`, path.join(folder, "a"), swaps, log);
    const metrics = [...metricsOf("folder", inFolder, 2, log)];
    const installed = await installMoto();
    if ("missing" in installed) {
      const reason = `S3 was not measured: ${installed.missing}`;
      return [
        ...metrics,
        metric({ name: "swap.failed_calls.s3", value: null, unit: "calls", better: "lower", reason }),
      ];
    }
    Object.assign(process.env, MOTO_ENV);
    await using moto = await startMoto(installed);
    log(`S3: ${swaps} swaps`);
    const url = `s3://${moto.bucket}/models?endpoint=${moto.endpoint}`;
    return [...metrics, ...metricsOf("s3", await measureSwaps(url, path.join(folder, "b"), swaps, log), 4, log)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function metricsOf(
  store: string,
  { quiet, swapping, convergenceS, rssGrowth, rssMb, capacity }: SwapFigures,
  convergenceGateS: number,
  log: (line: string) => void,
): Metric[] {
  const text = ({ calls, p99Ms, slow, longestMs, errors }: typeof quiet): string =>
    `${calls} calls, p99 ${p99Ms.toFixed(2)} ms, ${slow} above 250 ms, longest ${longestMs.toFixed(0)} ms ${errors.join("; ")}`;
  log(`${store}: capacity ${capacity.toFixed(0)} calls/s; swaps: ${text(swapping)}; quiet: ${text(quiet)}`);
  log(`${store}: resident ${rssMb.join(", ")} MB after the swaps`);
  const none = { unit: "calls", gate: 0, better: "lower" } as const;
  return [
    metric({ name: `swap.failed_calls.${store}`, value: swapping.failed, ...none }),
    metric({ name: `swap.refused_answers.${store}`, value: swapping.rejected, ...none }),
    metric({ name: `swap.mixed_answers.${store}`, value: swapping.mixed, ...none }),
    metric({
      ...{ name: `swap.convergence_s.${store}`, value: Math.max(...convergenceS), unit: "s" },
      ...{ gate: convergenceGateS, better: "lower" },
    }),
    metric({
      ...{ name: `swap.slow_calls.${store}`, value: swapping.slow - quiet.slow, unit: "calls above 250 ms" },
      ...{ peer: "more than in a quiet phase of equal length", gate: 0, better: "lower" },
    }),
    metric({
      ...{ name: `swap.p99.${store}`, value: swapping.p99Ms / quiet.p99Ms, unit: "ratio", peer: "quiet phase" },
      ...{ gate: 2.5, stretch: 1.5, better: "lower" },
    }),
    metric({
      ...{ name: `swap.rss_growth.${store}`, value: rssGrowth, unit: "share" },
      ...{ gate: 0.05, stretch: 0.02, better: "lower" },
    }),
  ];
}
