import { expect, test } from "vitest";
import {
  type MeasuredRun,
  measurePerformance,
  type PerformanceReader,
  type PerformanceTask,
} from "./measure-performance.ts";

const SET = { setId: "default", appliesTo: { regions: [], categories: [] }, threshold: 0.5, activation: null };
const task: PerformanceTask = {
  ...{ modelName: "supplier-risk", fromWeek: "2025-W02", toWeek: "2025-W04", knownOn: "2026-01-01" },
  outcomes: { definition: "", horizonDays: 7, completeAfterDays: 0 },
  ruleSets: [
    { ...SET, scope: null, capacity: 2 },
    { ...SET, setId: "none", scope: null, capacity: 0 },
  ],
  ...{ capacity: null, scorecard: null },
};

/** Three weeks of four suppliers, and the calls that read their cuts. */
function readerOf(sources: readonly ("run" | "stored_features" | "pending")[]) {
  const runs = sources.map(
    (source, i): MeasuredRun => ({
      ...{ id: i + 1, isoWeek: `2025-W0${4 - i}`, modelVersion: "v1", scored: 4, completedMs: 0 },
      ...{ reviewed: new Set<number>(), frame: 0 },
      scorecard: { source, scored: 4, unknownCategories: 0, isWhole: source !== "pending" },
    }),
  );
  const calls: { readonly by: string; readonly runs: readonly number[]; readonly capacities: readonly number[] }[] = [];
  const reader: PerformanceReader = {
    runs: async () => ({ runs, leftOut: 0 }),
    sources: async () => ({ events: new Map(), records: new Map(), dispositions: new Map() }),
    scores: async (run) => ({
      suppliers: Int32Array.of(1, 2, 3, 4),
      scores: Float64Array.of(0.1, 0.2, 0.6, 0.9),
      scorecardScores: new Float64Array(4).fill(run.scorecard?.source === "pending" ? Number.NaN : 0.5),
      ...{ regions: ["", "", "", ""], categories: ["", "", "", ""], exposures: new Float64Array(4) },
    }),
    async capacityCuts(asked, wanted, by) {
      calls.push({ by, runs: asked.map(({ id }) => id), capacities: wanted.map(({ capacity }) => capacity) });
      return asked.map(() => wanted.map(() => ({ score: 0.6, above: 1, tied: 1 })));
    },
  };
  return { reader, calls };
}

test("the suppliers with the highest scores of all weeks and rule sets are read at once", async () => {
  const { reader, calls } = readerOf(["pending", "pending", "pending"]);
  const { overall, weeks } = await measurePerformance(task, reader);
  // Runs are oldest first; a set that selects nobody is not read.
  expect(calls).toEqual([{ by: "model", runs: [3, 2, 1], capacities: [2] }]);
  expect(overall.atCapacity.flagged).toBe(6);
  expect(overall.reference).toBeNull();
  expect(weeks.map(({ quality }) => quality.atCapacity.flagged)).toEqual([2, 2, 2]);
});

test("those of the scorecard are read of the weeks that it has scored", async () => {
  const { reader, calls } = readerOf(["pending", "stored_features", "run"]);
  const scorecard = { version: "v1", bundleDigest: "d" };
  const { weeks, overall } = await measurePerformance({ ...task, scorecard }, reader);
  expect(calls.map(({ by, runs }) => [by, runs])).toEqual([
    ["model", [3, 2, 1]],
    ["scorecard", [3, 2]],
  ]);
  expect(weeks.map(({ isoWeek, scorecard: own }) => [isoWeek, own?.source])).toEqual([
    ["2025-W02", "run"],
    ["2025-W03", "stored_features"],
    ["2025-W04", "pending"],
  ]);
  expect(overall.reference?.rows).toBe(8);
  expect(weeks.map(({ quality }) => quality.reference?.atCapacity?.flagged)).toEqual([0, 0, undefined]);
});
