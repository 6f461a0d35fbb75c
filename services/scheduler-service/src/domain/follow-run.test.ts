import { expect, test } from "vitest";
import type { WeekRecord } from "./catch-up.ts";
import { type FollowRunOptions, followRun } from "./follow-run.ts";
import { PeerUnavailableError, RunFencedError, RunHeldError } from "./scheduler-error.ts";

const RUNNING: WeekRecord = {
  ...{ week: "2026-W10", runId: 7, state: "running", approved: false, progress: "score 0" },
  ...{ sourceDigest: "a".repeat(64), configHash: "b".repeat(64) },
};

/** Options whose looks at the ledger return the records one after the other, the last one again and again. */
function withLooks(looks: readonly (Partial<WeekRecord> | Error | null)[], signal = new AbortController().signal) {
  const heard: string[] = [];
  let nowMs = 0;
  let look = 0;
  const options: FollowRunOptions = {
    ...{ week: RUNNING.week, signal, nowMs: () => nowMs },
    async findWeek() {
      const found = looks[Math.min(look++, looks.length - 1)];
      if (found instanceof Error) throw found;
      return found ? { ...RUNNING, ...found } : null;
    },
    async pause(ms) {
      signal.throwIfAborted();
      nowMs += ms;
    },
    onFollow: () => heard.push("follows"),
  };
  return { options, heard, nowMs: () => nowMs };
}

/** An attempt that loses its run to another program at first, and finds it ended afterwards. */
function fencedOnce<T>(then: () => T): () => Promise<T> {
  let calls = 0;
  return async () => {
    if (++calls === 1) throw new RunFencedError(RUNNING);
    return then();
  };
}

test("a run that another program continues has the result of that program", async () => {
  const { options, heard } = withLooks([
    {},
    new PeerUnavailableError("ops-service", "gone"),
    {},
    { state: "complete" },
  ]);
  expect(
    await followRun(
      fencedOnce(() => "complete already"),
      options,
    ),
  ).toBe("complete already");
  expect(heard).toEqual(["follows"]);
});

test("a run that the other program found implausible is reported as held", async () => {
  const { options } = withLooks([{ state: "held" }]);
  const held = Object.create(RunHeldError.prototype) as RunHeldError;
  const attempt = fencedOnce(() => {
    throw held;
  });
  await expect(followRun(attempt, options)).rejects.toBe(held);
});

test.each([
  ["failed", [{}, { state: "failed" }]],
  ["was voided", [{ state: "voided" }]],
  ["has another file", [{ sourceDigest: "c".repeat(64) }]],
  ["has another configuration", [{ configHash: "c".repeat(64) }]],
  ["is not in the ledger", [null]],
] as const)("a run that the other program took over and that %s is not taken back", async (_, looks) => {
  const { options } = withLooks(looks);
  const taken = fencedOnce(() => {
    throw new Error("taken back");
  });
  await expect(followRun(taken, options)).rejects.toBeInstanceOf(RunFencedError);
});

test("another program without progress is waited for for 10 minutes", async () => {
  const { options, nowMs } = withLooks([{}, {}, { progress: "score 1" }]);
  await expect(
    followRun(
      fencedOnce(() => ""),
      options,
    ),
  ).rejects.toBeInstanceOf(RunFencedError);
  expect(nowMs()).toBe(602_000);
});

test("a stop ends the wait", async () => {
  const stopping = new AbortController();
  const { options } = withLooks([{}], stopping.signal);
  stopping.abort(new Error("stopped"));
  await expect(
    followRun(
      fencedOnce(() => ""),
      options,
    ),
  ).rejects.toThrow("stopped");
});

test("other errors are not followed", async () => {
  const { options, heard } = withLooks([{}]);
  await expect(followRun(() => Promise.reject(new Error("no disk")), options)).rejects.toThrow("no disk");
  expect(heard).toEqual([]);
});
