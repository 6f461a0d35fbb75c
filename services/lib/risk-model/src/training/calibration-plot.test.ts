import { expect, test } from "vitest";
import { calibrationPlot } from "./calibration-plot.ts";

test("mean score and what came true are at their places, and bins without rows are left out", () => {
  const bin = (from: number, rows: number, predicted: number, observed: number) => ({
    ...{ from, to: from + 0.1, rows, predicted, observed },
  });
  const [scale, first, last, legend, ...more] = calibrationPlot([
    bin(0, 5, 0, 0.5),
    bin(0.1, 0, Number.NaN, Number.NaN),
    bin(0.9, 3, 1, 1),
  ]);
  expect(more).toEqual([]);
  expect(first).toBe(`0.0–0.1  |${".".repeat(24)}o${".".repeat(25)}`);
  expect(last).toBe(`0.9–1.0  ${".".repeat(50)}*`);
  expect([scale?.indexOf("0.5"), legend]).toEqual([33, "| mean score   o came true   * both"]);
  expect(calibrationPlot([])).toEqual([]);
});
