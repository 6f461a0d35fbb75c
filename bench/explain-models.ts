import { createRandom } from "@bellwether/risk-model/random";
import { trainBoosting } from "@bellwether/risk-model/trainer/train-boosting";
import { trainForest } from "@bellwether/risk-model/trainer/train-forest";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";

/** Number of columns of every model in this benchmark. */
export const FEATURES = 40;
const SEED = 42;

/** A trained model, and the number of rows of the batch that is explained. */
export interface BenchModel {
  readonly name: "m6" | "m8" | "forest";
  readonly what: string;
  readonly model: TreeModel;
  readonly batchRows: number;
}

/** Returns synthetic rows, `[rows × FEATURES]`: normal, log-normal, count and yes/no columns. */
export function drawRows(rows: number, stream: string): Float32Array {
  const random = createRandom(SEED, stream);
  return Float32Array.from({ length: rows * FEATURES }, (_, at) => {
    const column = at % FEATURES;
    if (column < 10 || column >= 32) return random.normal();
    if (column < 20) return Math.exp(random.normal());
    if (column < 28) return Math.round(4 + 2 * random.normal());
    return random.below(2);
  });
}

/**
 * Returns noisy labels that depend on a third of the columns: on single columns, on pairs and on periodic
 * functions.
 */
function drawLabels(values: Float32Array, stream: string): Uint8Array {
  const random = createRandom(SEED, stream);
  return Uint8Array.from({ length: values.length / FEATURES }, (_, row) => {
    const x = (column: number): number => values[row * FEATURES + column] ?? 0;
    const margin =
      x(0) +
      0.8 * x(1) * x(2) -
      0.6 * Math.abs(x(3)) +
      (x(28) > 0 ? 0.5 * Math.log(x(10)) : 0) +
      0.15 * x(20) -
      0.1 * x(21) * x(4) +
      0.4 * Math.sin(2 * x(5)) +
      0.3 * x(6) -
      0.3 * Math.log(x(11)) +
      (x(29) > 0 ? 0.2 * x(22) : 0) -
      0.6;
    return random.uniform() < 1 / (1 + Math.exp(-margin)) ? 1 : 0;
  });
}

/** Returns the first `rows` of the training rows. */
function trainingRows(rows: number) {
  const values = drawRows(10_000, "training rows");
  const labels = drawLabels(values, "labels");
  return { values: values.subarray(0, rows * FEATURES), rows, columns: FEATURES, labels: labels.subarray(0, rows) };
}

function trainBoosted(trees: number, maxDepth: number): TreeModel {
  return trainBoosting(
    trainingRows(10_000),
    {
      kind: "gradient_boosting",
      trees,
      maxDepth,
      learningRate: 0.1,
      l2: 1,
      minChildWeight: 1,
      subsample: 1,
      columnSample: 1,
      classWeight: "none",
      earlyStopping: null,
    },
    SEED,
  );
}

/** Trains the smallest model of the benchmark. It is the same on every machine. */
export function trainM6(): BenchModel {
  return { name: "m6", what: "100 trees of depth 6", model: trainBoosted(100, 6), batchRows: 4096 };
}

/** Trains the three models of the benchmark. They are the same on every machine. */
export function trainBenchModels(): BenchModel[] {
  const forest = trainForest(
    trainingRows(5_000),
    { kind: "random_forest", trees: 100, maxDepth: 0, minLeaf: 1, columnSample: 0.16, classWeight: "none" },
    SEED,
  );
  return [
    trainM6(),
    { name: "m8", what: "300 trees of depth 8", model: trainBoosted(300, 8), batchRows: 4096 },
    { name: "forest", what: "random forest of 100 unlimited trees", model: forest, batchRows: 1024 },
  ];
}

/** Returns the number of leaves of all trees. */
export function countLeaves(model: TreeModel): number {
  return model.trees.reduce((sum, tree) => sum + tree.feature.reduce((leaves, f) => leaves + (f < 0 ? 1 : 0), 0), 0);
}
