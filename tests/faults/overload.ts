import { Code } from "@connectrpc/connect";
import { atLeast, atMost, clientOf, openLoop, percentile, type Scenario, seconds, startReplica } from "./harness.ts";

/** CPU time of one answer, ms: what scoring and explaining one supplier cost. */
const BURN_MS = 2;
const CONCURRENCY = 16;

/** Three times what a replica can do, as an open loop, for half a minute; then half of what it can do. */
export const overload: Scenario = async (quick) => {
  const replica = await startReplica();
  const { client, transport } = clientOf([replica], { retry: { maxAttempts: 1 } });
  const request = { id: "x", behavior: { burn: { nanos: BURN_MS * 1e6 } } };
  const call = () => client.echo(request, { timeoutMs: 1_000 });

  await closedLoop(1, call);
  const peak = await closedLoop(quick ? 3 : 6, call);
  const lasts = quick ? 10 : 30;
  const outcomes = await openLoop(peak * 3, lasts, call);
  const good = outcomes.filter(({ code }) => code === 0).length / lasts;
  const shed = outcomes.filter(({ code }) => code === Code.ResourceExhausted).map(({ tookMs }) => tookMs);
  const recovery = await recoverySeconds(peak / 2, call);
  transport.close();
  await replica.stop();
  return [
    atLeast("3× overload: goodput", (good / peak) * 100, "% of peak", 80),
    atMost("3× overload: shed reply p99", percentile(shed, 0.99), "ms", 50),
    atLeast("3× overload: shed calls", shed.length, `of ${outcomes.length}`, 1),
    atMost("3× overload: recovery", recovery, "s", 5),
  ];
};

/** Answers per second of so many callers that each wait for their answer. */
async function closedLoop(lastsS: number, call: () => Promise<unknown>): Promise<number> {
  const end = performance.now() + lastsS * 1_000;
  let answered = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      await call().then(
        () => answered++,
        () => {},
      );
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, caller));
  return answered / lastsS;
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
