import { readdirSync, readFileSync } from "node:fs";
import { DEMO_SPEC, DEMO_TABLE, trainDemoModel } from "@bellwether/testing/demo-model";
import { expect, test, vi } from "vitest";
import type { TrainProgress } from "../src/training/train-messages.ts";
import { startTrainProcess } from "../src/training/train-process.ts";

vi.setConfig({ testTimeout: 120_000 });

const MIB = 2 ** 20;
const task = { table: DEMO_TABLE, spec: DEMO_SPEC, configHash: "c".repeat(64) };
const limits = { maxMemoryBytes: 4096 * MIB, timeoutMs: 100_000 };
/** A training that takes much longer than a test. */
const { trainer } = DEMO_SPEC;
if (trainer.kind !== "gradient_boosting") throw new Error("the demo model is boosted");
const grid = { l2: Array.from({ length: 24 }, (_, i) => i) };
const endless = { ...task, spec: { ...DEMO_SPEC, trainer: { ...trainer, trees: 200, grid } } };

test("the model is that of the same training in this process, byte for byte, with its progress and usage", async () => {
  await using child = startTrainProcess();
  const seen: TrainProgress[] = [];
  const { usage, ...trained } = await child.run(task, limits, { onProgress: (progress) => seen.push(progress) });
  const own = await trainDemoModel();
  expect(Buffer.from(trained.onnx).equals(own.onnx)).toBe(true);
  expect([trained.bundleJson, trained.modelCard]).toEqual([own.bundleJson, own.modelCard]);
  expect(trained.evaluation).toEqual(own.evaluation);
  expect(seen.at(-1)).toEqual({ step: "training", done: 30, total: 30 });
  expect(usage.peakRssBytes).toBeGreaterThan(30 * MIB);
  expect(usage.cpuSeconds).toBeGreaterThan(0);
});

test("data that cannot train fails with the name and message of the trainer's error", async () => {
  await using child = startTrainProcess();
  const table = { ...DEMO_TABLE, labels: new Uint8Array(DEMO_TABLE.rows) };
  await expect(child.run({ ...task, table }, limits)).rejects.toMatchObject({
    name: "OneClassError",
    message: expect.stringContaining("training rows are"),
  });
});

test("a training over its memory or its time ends, and the error names the limit", async () => {
  await using small = startTrainProcess();
  await expect(small.run(endless, { ...limits, maxMemoryBytes: 16 * MIB })).rejects.toMatchObject({
    name: "TrainLimitError",
    message: expect.stringMatching(/^training needs \d+ MiB of memory, more than the limit of 16 MiB$/),
  });
  await using late = startTrainProcess();
  await expect(late.run(endless, { ...limits, timeoutMs: 1 })).rejects.toThrow("training took longer than 0.001 s");
});

test("a cancelled training is killed with the caller's reason, and one that is killed from outside is reported", async () => {
  const stopper = new AbortController();
  await using cancelled = startTrainProcess();
  const running = cancelled.run(endless, limits, {
    signal: stopper.signal,
    onProgress: () => stopper.abort(new Error("not needed any more")),
  });
  await expect(running).rejects.toThrow("not needed any more");
  const { pid = 0 } = cancelled;
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");

  await using killed = startTrainProcess();
  const lost = killed.run(endless, limits, { onProgress: () => process.kill(killed.pid ?? 0, "SIGKILL") });
  await expect(lost).rejects.toMatchObject({ name: "TrainKilledError", message: expect.stringContaining("SIGKILL") });
});

test.runIf(process.platform === "linux")(
  "a training in the background has the lowest priority, with its thread",
  async () => {
    await using child = startTrainProcess({ isBackground: true });
    const { pid = 0 } = child;
    const stopper = new AbortController();
    let lowest: readonly number[] = [];
    const running = child.run(endless, limits, {
      signal: stopper.signal,
      onProgress: () => {
        lowest = niceOfThreads(pid);
        stopper.abort(new Error("seen"));
      },
    });
    await expect(running).rejects.toThrow("seen");
    expect(lowest.length).toBeGreaterThan(1);
    expect(new Set(lowest)).toEqual(new Set([19]));
  },
);

/** Returns the nice value of each thread of a process: field 19 of its stat file (proc(5)), after the name in brackets. */
function niceOfThreads(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
  });
}
