import { monitorEventLoopDelay } from "node:perf_hooks";
import { Code } from "@connectrpc/connect";
import { metric } from "../../bench/metric.ts";
import { atLeast, atMost, openLoop, percentile, type Scenario, seconds, startReplica } from "./harness.ts";
import { rawCaller } from "./raw-caller.ts";

/** CPU time of one answer, ms: what scoring and explaining one supplier with its contract costs. */
const BURN_MS = 1;
/** Callers of the closed loop that finds the peak: enough that the server never waits for one. */
const CONCURRENCY = 16;

/** Three times what a replica can do, as an open loop, for half a minute; then half of what it can do. */
export const overload: Scenario = async (quick) => {
  const replica = await startReplica();
  const { call, close } = rawCaller(replica, { id: "x", behavior: { burn: { nanos: BURN_MS * 1e6 } } });
  await closedLoop(2, call);
  const peak = await closedLoop(quick ? 3 : 6, call);
  const lasts = quick ? 10 : 30;
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  const outcomes = await openLoop(peak * 3, lasts, call);
  lag.disable();
  const tookWith = (code: Code | 0) => outcomes.filter((outcome) => outcome.code === code).map(({ tookMs }) => tookMs);
  const good = tookWith(0);
  const shed = tookWith(Code.ResourceExhausted);
  const recovery = await recoverySeconds(peak / 2, call);
  close();
  await replica.stop();
  return [
    metric({ name: "overload.peak", value: peak, unit: `calls/s of ${BURN_MS} ms`, better: "higher" }),
    atLeast("overload.goodput", (good.length / lasts / peak) * 100, "% of peak", 80, 90),
    metric({ name: "overload.served_p99_ms", value: percentile(good, 0.99), unit: "ms", better: "lower" }),
    atMost("overload.shed_p99_ms", percentile(shed, 0.99), `ms, ${shed.length} of ${outcomes.length}`, 50, 20),
    atMost("overload.lost", outcomes.length - good.length - shed.length, "calls with another code", 0),
    atMost("overload.recovery_s", recovery, "s", 5, 2),
    metric({ name: "overload.caller_lag_p99_ms", value: lag.percentile(99) / 1e6, unit: "ms", better: "lower" }),
  ];
};

/** Answers per second of so many callers that each wait for their answer. */
async function closedLoop(lastsS: number, call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let answered = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() - start < lastsS * 1_000) {
      await call().then(
        () => answered++,
        () => {},
      );
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, caller));
  return (answered / (performance.now() - start)) * 1_000;
}

/** Seconds until a whole half second of light load is answered without a failure. */
async function recoverySeconds(rate: number, call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  while (performance.now() - start < 20_000) {
    const begun = (performance.now() - start) / 1_000;
    const outcomes = await openLoop(rate, 0.5, call);
    if (outcomes.every(({ code }) => code === 0)) return begun;
    await seconds(0.05);
  }
  return Number.POSITIVE_INFINITY;
}
