import v8 from "node:v8";
import { expect, it } from "vitest";
import { collectStartGarbage, createCollector } from "./young-garbage.ts";

const MIB = 1024 * 1024;

/**
 * Returns a simulated heap that holds `kept` MiB, and garbage whose full collection takes `costMs` of CPU
 * time.
 */
function heap() {
  const state = { timeMs: 0, costMs: 10, cpuMs: 0, keptMib: 100, garbageMib: 0, young: 0, full: 0 };
  const collect = createCollector(() => state.timeMs, {
    bytes: () => (state.keptMib + state.garbageMib) * MIB,
    collectYoung: () => state.young++,
    collectAll: () => {
      state.full++;
      state.garbageMib = 0;
      state.cpuMs += state.costMs;
    },
    cpuMs: () => state.cpuMs,
  });
  const at = (timeMs: number, garbageMib: number): number => {
    Object.assign(state, { timeMs, garbageMib });
    collect();
    return state.full;
  };
  return { state, at };
}

it("collects young garbage at most every 25 ms", () => {
  const { state, at } = heap();
  for (const time of [0, 1, 24, 25, 26, 49, 50]) at(time, 0);
  expect([state.young, state.full]).toEqual([3, 0]);
});

it("collects all garbage at 16 MiB of growth, at most every 500 ms", () => {
  const { at } = heap();
  expect([at(0, 15), at(25, 16), at(50, 16), at(524, 16), at(550, 15), at(575, 16)]).toEqual([0, 1, 1, 1, 1, 2]);
});

it("spends at most a tenth of the time on full collections", () => {
  const { state, at } = heap();
  state.costMs = 200;
  expect([at(0, 16), at(1_999, 16), at(2_025, 16)]).toEqual([1, 1, 2]);
});

it("takes V8's own collections into account", () => {
  const { state, at } = heap();
  state.keptMib = 80;
  expect([at(0, 15), at(25, 0), at(50, 16)]).toEqual([0, 0, 1]);
});

it("can call V8's collections", () => {
  expect(() => createCollector(() => 0)()).not.toThrow();
});

it("returns the garbage of a start to the system", () => {
  let kept: unknown[] = Array.from({ length: 200_000 }, (_, i) => ({ i, text: `entry ${i}` }));
  const grown = v8.getHeapStatistics().total_physical_size;
  kept = kept.slice(0, 1);
  collectStartGarbage();
  expect(kept).toHaveLength(1);
  expect(v8.getHeapStatistics().total_physical_size).toBeLessThan(grown - 10 * 1024 * 1024);
});
