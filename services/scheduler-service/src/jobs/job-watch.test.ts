import { expect, test } from "vitest";
import { createJobWatch, type WatchJob } from "./job-watch.ts";
import type { JobStatus } from "./weekly-jobs.ts";

const status = (state: JobStatus["state"]): JobStatus => ({
  state,
  week: "2026-W47",
  progress: null,
  failure: "",
  outcome: null,
});

/** Returns a job that is complete at its `looks`-th look-up. */
function job(looks: number) {
  const seen = { lookUps: 0 };
  const lookUp = async (): Promise<JobStatus> => status(++seen.lookUps < looks ? "running" : "complete");
  return { seen, lookUp };
}

/** Reads until the job has ended. */
async function follow(watch: WatchJob<JobStatus>, signal: AbortSignal): Promise<number> {
  let states = 0;
  for await (const state of watch("weekly-2026-W47", signal)) {
    states++;
    if (state?.state === "complete") break;
  }
  return states;
}

test("any number of watchers cause one look-up at a time", async () => {
  const { seen, lookUp } = job(5);
  const { watch } = createJobWatch(lookUp, 20);
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 100 }, () => follow(watch, signal)));
  expect(seen.lookUps).toBe(5);
});

test("a later watcher begins with the current state, and the other watchers are not affected", async () => {
  const { seen, lookUp } = job(4);
  const { watch } = createJobWatch(lookUp, 20);
  const { signal } = new AbortController();
  const first = watch("weekly-2026-W47", signal);
  await first.next();
  await first.next();
  const later = watch("weekly-2026-W47", signal);
  expect((await later.next()).value).toEqual(status("running"));
  await Promise.all([follow(watch, signal), first.next(), later.return(null)]);
  expect(seen.lookUps).toBeLessThanOrEqual(4);
});

test("a watcher ends with its signal, and look-ups stop when no watcher is left", async () => {
  const { seen, lookUp } = job(Number.POSITIVE_INFINITY);
  const { watch } = createJobWatch(lookUp, 1);
  const stop = new AbortController();
  const watching = follow(watch, stop.signal);
  while (seen.lookUps < 3) await new Promise(setImmediate);
  stop.abort(new Error("gone"));
  await expect(watching).rejects.toThrow("gone");
  const before = seen.lookUps;
  const other = watch("another", new AbortController().signal);
  await other.next();
  await other.next();
  await other.next();
  // Three look-ups of the other job, and at most the one that was in progress.
  expect(seen.lookUps - before).toBeLessThanOrEqual(4);
  await other.return(null);
});

test("a failed look-up fails every watcher, and the next watcher starts a new one", async () => {
  let fails = true;
  const { watch } = createJobWatch(async () => {
    if (fails) throw new Error("store away");
    return status("complete");
  }, 1);
  const { signal } = new AbortController();
  const both = await Promise.allSettled([follow(watch, signal), follow(watch, signal)]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  fails = false;
  expect(await follow(watch, signal)).toBe(1);
});

test("a job that ended is looked up at once", async () => {
  const { lookUp } = job(3);
  const { watch, nudge } = createJobWatch(lookUp, 3_600_000);
  const following = follow(watch, new AbortController().signal);
  let hasEnded = false;
  void following.then(() => {
    hasEnded = true;
  });
  while (!hasEnded) {
    nudge("weekly-2026-W47");
    nudge("another");
    await new Promise(setImmediate);
  }
  expect(await following).toBe(3);
});
