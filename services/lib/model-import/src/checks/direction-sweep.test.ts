import type { BundleColumn, BundleFeature } from "@bellwether/risk-model/bundle/feature-bundle";
import { createRandom } from "@bellwether/risk-model/random";
import { trainBoosting } from "@bellwether/risk-model/trainer/train-boosting";
import { expect, test } from "vitest";
import { sweepDirections, violationLine } from "./direction-sweep.ts";

const random = createRandom(3, "sweep");
const ROWS = 800;
const values = new Float32Array(2 * ROWS).map(() => random.normal());
/** A label that increases with column 0 on average, with waves, and decreases with column 1. */
const labels = Uint8Array.from({ length: ROWS }, (_, row) => {
  const [a = 0, b = 0] = values.subarray(2 * row, 2 * row + 2);
  return random.uniform() < 1 / (1 + Math.exp(b - a - 2 * Math.sin(5 * a))) ? 1 : 0;
});
const trained = (monotone: Int8Array) =>
  trainBoosting(
    { values, rows: ROWS, columns: 2, labels, monotone },
    {
      ...{ kind: "gradient_boosting", trees: 30, maxDepth: 3, learningRate: 0.3, l2: 1, minChildWeight: 1 },
      ...{ subsample: 1, columnSample: 1, classWeight: "none", earlyStopping: null },
    },
    1,
  );
const feature = (name: string, direction: BundleFeature["direction"]): BundleFeature => ({
  ...{ name, direction, kind: "numeric", unit: "", range: null, missing: "keep", monotone: false, immutable: false },
  training: null,
  categories: [],
});
const columns: BundleColumn[] = [
  { kind: "numeric", feature: "wave" },
  { kind: "numeric", feature: "safe" },
];

test("reports a feature that moves the output against its direction, with the largest wrong step", () => {
  const found = sweepDirections(trained(Int8Array.of(0, 0)), null, values, [feature("wave", "raises")], columns);
  expect(found).toMatchObject([{ feature: "wave", direction: "raises", sweptRows: 64 }]);
  expect(found[0]?.rows).toBeGreaterThan(50);
  expect(found[0]?.to).toBeGreaterThan(found[0]?.from ?? Number.POSITIVE_INFINITY);
  expect(found.map(violationLine)[0]).toMatch(
    /^`wave` is declared to raise the risk, and a higher value lowers the output on \d+ of 64 rows: from /,
  );
});

test("finds no violation in trees that were trained with the directions as constraints", () => {
  const features = [feature("wave", "raises"), feature("safe", "lowers")];
  expect(sweepDirections(trained(Int8Array.of(1, -1)), null, values, features, columns)).toEqual([]);
});

test("does not sweep a feature without a direction, nor one that no tree uses", () => {
  const model = trained(Int8Array.of(0, 0));
  expect(
    sweepDirections(model, null, values, [feature("wave", "unknown"), feature("absent", "raises")], columns),
  ).toEqual([]);
});
