import type { BoostingSpec, ForestSpec } from "@bellwether/config/model-spec";
import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { trainBoosting } from "./train-boosting.ts";
import { trainForest } from "./train-forest.ts";
import type { TrainingRows } from "./training-rows.ts";

const COLUMNS = 4;
const ROWS = 1_500;
/** Column 0 may only raise the output, column 1 may only lower it, the others are not constrained. */
const MONOTONE = Int8Array.of(1, -1, 0, 0);
const BOOSTING: BoostingSpec = {
  kind: "gradient_boosting",
  trees: 40,
  maxDepth: 5,
  learningRate: 0.3,
  l2: 1,
  minChildWeight: 1,
  subsample: 0.8,
  columnSample: 1,
  classWeight: "none",
  earlyStopping: null,
};
const FOREST: ForestSpec = {
  kind: "random_forest",
  trees: 40,
  maxDepth: 0,
  minLeaf: 1,
  columnSample: 0.5,
  classWeight: "none",
};
const train = {
  boosting: (rows: TrainingRows, seed: number) => trainBoosting(rows, BOOSTING, seed),
  forest: (rows: TrainingRows, seed: number) => trainForest(rows, FOREST, seed),
};

/**
 * Returns noisy labels that increase with column 0 only on average, decrease with column 1, and depend on
 * column 2 alone and together with column 0.
 */
function madeRows(seed: number, monotone: Int8Array | undefined): TrainingRows {
  const random = createRandom(seed, "monotone");
  const values = new Float32Array(ROWS * COLUMNS).map(() => Math.round(8 * random.normal()) / 8);
  const labels = new Uint8Array(ROWS);
  for (let row = 0; row < ROWS; row++) {
    const at = row * COLUMNS;
    const [a = 0, b = 0, c = 0] = values.subarray(at, at + 3);
    const margin = a + Math.sin(4 * a) - b + 0.7 * c + 0.5 * a * c;
    labels[row] = random.uniform() < 1 / (1 + Math.exp(-margin)) ? 1 : 0;
    for (let column = 0; column < COLUMNS; column++) if (random.uniform() < 0.1) values[at + column] = Number.NaN;
  }
  return { values, rows: ROWS, columns: COLUMNS, labels, ...(monotone && { monotone }) };
}

describe.each(["boosting", "forest"] as const)("%s", (kind) => {
  test("no two rows that differ in one constrained column have outputs against its direction", () => {
    const model = train[kind](madeRows(1, MONOTONE), 5);
    const value = fc.oneof(
      fc.integer({ min: -24, max: 24 }).map((i) => i / 8),
      fc.constant(Number.NaN),
    );
    const known = fc.double({ min: -4, max: 4, noNaN: true }).map(Math.fround);
    fc.assert(
      fc.property(
        fc.array(value, { minLength: COLUMNS, maxLength: COLUMNS }),
        fc.constantFrom(0, 1),
        known,
        known,
        (row, column, a, b) => {
          const outputs = [Math.min(a, b), Math.max(a, b)].map((x) => {
            const changed = Float32Array.from(row);
            changed[column] = x;
            return evaluateRows(model, changed)[0] ?? Number.NaN;
          });
          const [low = 0, high = 0] = column === 0 ? outputs : outputs.toReversed();
          expect(high).toBeGreaterThanOrEqual(low);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test("without constraints the same rows train a model with outputs against the direction", () => {
    const model = train[kind](madeRows(1, undefined), 5);
    const sweep = Float32Array.from({ length: 49 * COLUMNS }, (_, i) =>
      i % COLUMNS === 0 ? Math.floor(i / COLUMNS) / 8 - 3 : 0,
    );
    const outputs = evaluateRows(model, sweep);
    expect(outputs.some((output, i) => i > 0 && output < (outputs[i - 1] ?? 0))).toBe(true);
  });

  test("constraints without a direction train the same trees as no constraints, bit for bit", () => {
    expect(train[kind](madeRows(2, new Int8Array(COLUMNS)), 3)).toEqual(train[kind](madeRows(2, undefined), 3));
  });
});
