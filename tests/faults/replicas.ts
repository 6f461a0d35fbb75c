import {
  atLeast,
  atMost,
  clientOf,
  type Finding,
  type Outcome,
  openLoop,
  type Scenario,
  seconds,
  startReplica,
} from "./harness.ts";

const RATE = 200;

/** Kills one of two replicas. */
export const outageByKill: Scenario = async (quick) => {
  const lasts = quick ? 10 : 30;
  const replicas = [await startReplica(), await startReplica()];
  let retries = 0;
  const { client, transport } = clientOf(replicas, { retry: { onRetry: () => retries++ } });
  const load = openLoop(RATE, lasts + 2, () => client.echo({ id: "x" }));
  await seconds(2);
  await replicas[0]?.kill();
  const outcomes = await load;
  transport.close();
  await replicas[1]?.stop();
  return outageFindings("outage_kill", outcomes, retries);
};

/** One of two replicas answers every call with UNAVAILABLE. */
export const outageByErrors: Scenario = async (quick) => {
  const replicas = [await startReplica({ failing: true }), await startReplica()];
  let retries = 0;
  const { client, transport } = clientOf(replicas, { retry: { onRetry: () => retries++ } });
  const outcomes = await openLoop(RATE, quick ? 10 : 30, () => client.echo({ id: "x" }));
  transport.close();
  for (const replica of replicas) await replica.stop();
  return outageFindings("outage_errors", outcomes, retries);
};

function outageFindings(name: string, outcomes: readonly Outcome[], retries: number): Finding[] {
  return [
    atMost(`${name}.attempts`, 1 + retries / outcomes.length, "attempts per call", 1.1, 1.05),
    atLeast(`${name}.success`, successShare(outcomes) * 100, "%", 90),
  ];
}

/** Stops one of two replicas with SIGSTOP: its connections stay open and it answers nothing. */
export const frozenReplica: Scenario = async () => {
  const replicas = [await startReplica(), await startReplica()];
  const [frozen] = replicas;
  const { client, transport } = clientOf(replicas);
  const stopAt = 3;
  const contAt = 18;
  const load = openLoop(RATE, 34, () => client.echo({ id: "x" }, { timeoutMs: 1_000 }));
  await seconds(stopAt);
  const before = (await frozen?.stats())?.started.Echo ?? 0;
  frozen?.process.kill("SIGSTOP");
  await seconds(contAt - stopAt);
  frozen?.process.kill("SIGCONT");
  const resumed = performance.now();
  let back = Number.POSITIVE_INFINITY;
  // The replica also answers what was in its socket buffers when it stopped. After 100 more calls it gets new
  // ones.
  const onResume = (await frozen?.stats())?.started.Echo ?? before;
  while (performance.now() - resumed < 15_000 && back === Number.POSITIVE_INFINITY) {
    await seconds(0.1);
    if (((await frozen?.stats())?.started.Echo ?? 0) > onResume + 100) back = (performance.now() - resumed) / 1_000;
  }
  const outcomes = await load;
  transport.close();
  for (const replica of replicas) await replica.stop();
  const failed = outcomes.filter(({ code, dueMs }) => code !== 0 && dueMs > stopAt * 1_000 && dueMs < contAt * 1_000);
  const lastFailure = failed.at(-1)?.dueMs ?? stopAt * 1_000;
  const ejectedAfter = lastFailure / 1_000 - stopAt;
  const after = outcomes.filter(({ dueMs }) => dueMs > lastFailure && dueMs < contAt * 1_000);
  return [
    atMost("frozen.ejected_s", ejectedAfter, "s", 10, 3),
    atLeast("frozen.success_after", successShare(after) * 100, "%", 99, 99.9),
    atMost("frozen.back_s", back, "s after SIGCONT", 30, 10),
  ];
};

/** Restarts replicas twenty times with SIGTERM, one after the other, under load. */
export const rollingRestarts: Scenario = async (quick) => {
  const replicas = [await startReplica(), await startReplica()];
  const ports = replicas.map(({ ready }) => ready.grpcPort);
  const { client, transport } = clientOf(replicas);
  let restarting = true;
  const restarts = (async () => {
    for (let i = 0; i < (quick ? 6 : 20); i++) {
      await seconds(0.5);
      const which = i % 2;
      await replicas[which]?.stop();
      replicas[which] = await startReplica({ grpcPort: ports[which] ?? 0 });
      await until(async () => ((await replicas[which]?.stats())?.started.Echo ?? 0) > 0, "a call at the new replica");
    }
    restarting = false;
  })();
  const outcomes: Outcome[] = [];
  // Increment is not idempotent, so no retry hides a failure.
  while (restarting) {
    outcomes.push(
      ...(await openLoop(RATE, 1, () => client.echo({ id: "x", behavior: { delay: { nanos: 20_000_000 } } }))),
    );
    outcomes.push(...(await openLoop(RATE, 1, () => client.increment({}))));
  }
  await restarts;
  transport.close();
  for (const replica of replicas) await replica.stop();
  const failed = outcomes.filter(({ code }) => code !== 0);
  return [atMost("rolling.failed_calls", failed.length, `of ${outcomes.length} calls`, 0)];
};

/**
 * Waits for a condition.
 * @throws Error after 15 s
 */
async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 15_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited 15 s for: ${what}`);
    await seconds(0.05);
  }
}

function successShare(outcomes: readonly Outcome[]): number {
  return outcomes.filter(({ code }) => code === 0).length / Math.max(1, outcomes.length);
}
