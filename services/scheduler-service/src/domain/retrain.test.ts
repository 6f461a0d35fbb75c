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
  };
}

const run = (steps: RetrainSteps, { signal = new AbortController().signal, isLast = false } = {}) =>
  retrain(steps, TASK, () => {}, { signal, isLast });

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
  await retrain(failingSteps("readLabels", new Error("x")), TASK, (now) => seen.push(now), { signal, isLast: true });
  expect(seen).toEqual([{ stage: "outcomes", done: 0, total: 0 }]);
});
