import { TrainKilledError, TrainLimitError } from "@bellwether/scoring/training/train-process";
import { expect, test } from "vitest";
import {
  RetrainCancelledError,
  type RetrainProgress,
  type RetrainSteps,
  type RetrainTask,
  retrain,
} from "./retrain.ts";
import { PeerUnavailableError } from "./scheduler-error.ts";

const TASK: RetrainTask = {
  trigger: "person",
  reason: "why",
  actor: "jane",
  window: { from: "2026-W01", to: "2026-W09" },
};

/** Steps of which one does not succeed. The steps after it must not be called. */
function failingSteps(step: keyof RetrainSteps, error: unknown): RetrainSteps {
  const called = (name: keyof RetrainSteps) => (): never => {
    throw name === step ? error : new Error(`${name} was called`);
  };
  return {
    readLabels: async () => called("readLabels")(),
    loadRows: async () => called("loadRows")(),
    train: async () => called("train")(),
    publish: async () => called("publish")(),
    gate: async () => called("gate")(),
  };
}

const run = (steps: RetrainSteps, { signal = new AbortController().signal, isLast = false, beganMs = 100 } = {}) =>
  retrain(steps, TASK, () => {}, { signal, isLast, beganMs });

test("an error of the data ends the retrain with its text in one line, and nothing after the step is done", async () => {
  const error = Object.defineProperty(new Error("no row\nhas a label"), "name", { value: "NoRowsError" });
  expect(await run(failingSteps("readLabels", error))).toMatchObject({
    ...{ outcome: "failed", version: "", failure: "no row has a label", auc: null },
  });
  expect(await run(failingSteps("readLabels", new TrainLimitError("too much")))).toMatchObject({ failure: "too much" });
});

test("an error that may pass is thrown for another attempt, and ends the last attempt", async () => {
  for (const error of [
    new PeerUnavailableError("ops-service", "connect ECONNREFUSED"),
    new TrainKilledError("SIGKILL"),
    Object.defineProperty(new Error("another writer"), "name", { value: "RegistryBusyError" }),
  ]) {
    const steps = failingSteps("readLabels", error);
    await expect(run(steps)).rejects.toBe(error);
    expect(await run(steps, { isLast: true })).toMatchObject({ outcome: "failed", failure: error.message });
  }
});

test("a person's cancellation is an end, and a stop of the service is not", async () => {
  const steps = failingSteps("readLabels", new Error("aborted"));
  const cancelled = AbortSignal.abort(new RetrainCancelledError("jane", "wrong outcomes"));
  expect(await run(steps, { signal: cancelled })).toMatchObject({
    ...{ outcome: "cancelled", failure: "cancelled by jane: wrong outcomes", version: "" },
  });
  const stopped = AbortSignal.abort(new Error("the scheduler is stopping"));
  await expect(run(steps, { signal: stopped, isLast: true })).rejects.toThrow("aborted");
});

test("reports the first stage before anything is read", async () => {
  const seen: RetrainProgress[] = [];
  const signal = new AbortController().signal;
  await retrain(failingSteps("readLabels", new Error("x")), TASK, (now) => seen.push(now), {
    ...{ signal, isLast: true, beganMs: 100 },
  });
  expect(seen).toEqual([{ stage: "outcomes", done: 0, total: 0 }]);
});

/** Steps that publish v2, and then run the given gate. */
function publishingSteps(gate: RetrainSteps["gate"]): RetrainSteps {
  const trained = { evaluation: { auc: 0.8, baseline: null }, usage: { peakRssBytes: 1, cpuSeconds: 1 }, warnings: [] };
  return {
    readLabels: async () => ({ labels: {} as never, horizonDays: 7, notes: [] }),
    loadRows: async () => ({ weeks: [], lines: [] }) as never,
    train: async () => trained as never,
    publish: async () => ({ version: "v2", alias: "challenger", publishedMs: 100 }),
    gate,
  };
}

test("the decision of the promotion gate is a note, and so is an error of it: the version is published", async () => {
  const published = { outcome: "published", version: "v2", failure: "" };
  const noted = await run(publishingSteps(async (_data, _trained, version) => `${version}: HELD`));
  expect(noted).toMatchObject({ ...published, notes: [expect.any(String), "v2: HELD"] });
  expect((await run(publishingSteps(async () => null))).notes).toHaveLength(1);
  const broken = publishingSteps(() => Promise.reject(new Error("v1, the champion,\ncannot be measured")));
  expect(await run(broken)).toMatchObject({
    ...{
      ...published,
      notes: [expect.any(String), "the promotion gate has no result: v1, the champion, cannot be measured"],
    },
  });
});

test("a stop of the service in the promotion gate is thrown, so that the job is done again, and a cancellation is a note", async () => {
  const stopped = publishingSteps(() => Promise.reject(new Error("stopped")));
  await expect(run(stopped, { signal: AbortSignal.abort(new Error("the scheduler is stopping")) })).rejects.toThrow(
    "stopped",
  );
  const cancelled = AbortSignal.abort(new RetrainCancelledError("jane", "enough"));
  expect(await run(stopped, { signal: cancelled })).toMatchObject({ outcome: "published", version: "v2" });
});

test("a version that an attempt before a kill has published is published, with its alias; an older one is unchanged", async () => {
  const steps = publishingSteps(async () => null);
  const alias = { version: "v2", alias: "challenger" };
  expect(await run(steps, { beganMs: 99 })).toMatchObject({ outcome: "published", ...alias });
  expect(await run(steps, { beganMs: 101 })).toMatchObject({ outcome: "unchanged", ...alias });
});
