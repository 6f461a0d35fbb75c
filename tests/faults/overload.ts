import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { Code } from "@connectrpc/connect";
import { metric } from "../../bench/metric.ts";
import { atLeast, atMost, percentile, type Scenario, startReplica } from "./harness.ts";
import type { LoadOrder, LoadReport } from "./overload-load.ts";

/** CPU time of one answer, ms: about the cost of scoring and explaining one supplier with its contract. */
const BURN_MS = 1;
/**
 * With Node's default the caller's garbage collection pauses it for 30 to 100 ms, and the server's answers
 * look late.
 */
const CALLER_LIMITS = { maxYoungGenerationSizeMb: 6 };

/** Calls a replica at three times its peak, as an open loop, for half a minute; then at half its peak. */
export const overload: Scenario = async (quick) => {
  const replica = await startReplica();
  const lasts = quick ? 10 : 30;
  const workerData: LoadOrder = {
    grpcPort: replica.ready.grpcPort,
    burnMs: BURN_MS,
    warmSeconds: 2,
    peakSeconds: quick ? 3 : 6,
    overloadSeconds: lasts,
  };
  const load = new Worker(new URL("overload-load.ts", import.meta.url), { workerData, resourceLimits: CALLER_LIMITS });
  const [{ peak, outcomes, recoveryS, callerLagP99Ms }]: [LoadReport] = (await once(load, "message")) as [LoadReport];
  await replica.stop();
  const tookWith = (code: Code | 0) => outcomes.filter((outcome) => outcome.code === code).map(({ tookMs }) => tookMs);
  const good = tookWith(0);
  const shed = tookWith(Code.ResourceExhausted);
  return [
    metric({ name: "overload.peak", value: peak, unit: `calls/s of ${BURN_MS} ms`, better: "higher" }),
    atLeast("overload.goodput", (good.length / lasts / peak) * 100, "% of peak", 80, 90),
    metric({ name: "overload.served_p99_ms", value: percentile(good, 0.99), unit: "ms", better: "lower" }),
    atMost("overload.shed_p99_ms", percentile(shed, 0.99), `ms, ${shed.length} of ${outcomes.length}`, 50, 20),
    atMost("overload.lost", outcomes.length - good.length - shed.length, "calls with another code", 0),
    atMost("overload.recovery_s", recoveryS, "s", 5, 2),
    metric({ name: "overload.caller_lag_p99_ms", value: callerLagP99Ms, unit: "ms", better: "lower" }),
  ];
};
