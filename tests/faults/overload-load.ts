// Worker thread that loads a server. workerData is a LoadOrder; the thread posts one LoadReport.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parentPort, workerData } from "node:worker_threads";
import { type Outcome, openLoop, seconds } from "./harness.ts";
import { rawCaller } from "./raw-caller.ts";

export interface LoadOrder {
  readonly grpcPort: number;
  /** CPU time of one answer, ms. */
  readonly burnMs: number;
  readonly warmSeconds: number;
  readonly peakSeconds: number;
  readonly overloadSeconds: number;
}

export interface LoadReport {
  /** Answers per second of a server that is neither idle nor overloaded. */
  readonly peak: number;
  /** The outcomes of the overload, which is three times the peak. */
  readonly outcomes: readonly Outcome[];
  /** Seconds from the end of the overload to the first half second of light load without a failure. */
  readonly recoveryS: number;
  /** 99th percentile of how late the caller's own timers were, ms. */
  readonly callerLagP99Ms: number;
}

/** Callers of the closed loop that finds the peak: enough that the server never waits for a caller. */
const CONCURRENCY = 16;

const { grpcPort, burnMs, warmSeconds, peakSeconds, overloadSeconds }: LoadOrder = workerData;
const { call, close } = rawCaller(grpcPort, { id: "x", behavior: { burn: { nanos: burnMs * 1e6 } } });
await closedLoop(warmSeconds);
const peak = await closedLoop(peakSeconds);
const lag = monitorEventLoopDelay({ resolution: 1 });
lag.enable();
const outcomes = await openLoop(peak * 3, overloadSeconds, call);
lag.disable();
const recoveryS = await recoverySeconds(peak / 2);
close();
parentPort?.postMessage({ peak, outcomes, recoveryS, callerLagP99Ms: lag.percentile(99) / 1e6 } satisfies LoadReport);

/** Answers per second to CONCURRENCY callers, each of which waits for its answer before the next call. */
async function closedLoop(lastsS: number): Promise<number> {
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

/** Seconds until half a second of light load is answered without a failure; infinity after 20 s. */
async function recoverySeconds(rate: number): Promise<number> {
  const start = performance.now();
  while (performance.now() - start < 20_000) {
    const begun = (performance.now() - start) / 1_000;
    const tried = await openLoop(rate, 0.5, call);
    if (tried.every(({ code }) => code === 0)) return begun;
    await seconds(0.05);
  }
  return Number.POSITIVE_INFINITY;
}
