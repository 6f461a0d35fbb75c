// How often the promotion gate is right, over windows with fixed seeds. docs/promotion.md has these figures.
import type { BoostingSpec } from "@bellwether/config/model-spec";
import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";
import { type GateResult, gateChallenger } from "../src/promotion/promotion-gate.ts";
import { createRandom, type Random } from "../src/random.ts";
import { trainBoosting } from "../src/trainer/train-boosting.ts";
import { EQUAL_REST, type SimulatedPair, simulatePair } from "./simulated-challenger.ts";

/** Number of windows of each kind. */
export const TRIALS = 200;
const COLUMNS = 5;
const TRAINING_ROWS = 1_500;
const WINDOW_ROWS = 3_000;
/** Share of the labels of the new weeks that are replaced by their opposite. */
const NOISE = 0.35;
const TRAINER: BoostingSpec = {
  ...{ kind: "gradient_boosting", trees: 20, maxDepth: 3, learningRate: 0.2, l2: 1, minChildWeight: 1 },
  ...{ subsample: 1, columnSample: 1, classWeight: "none", earlyStopping: null },
};

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

function drawWeeks(random: Random, rows: number, noise: number) {
  const values = Float32Array.from({ length: rows * COLUMNS }, () => random.normal());
  const labels = Uint8Array.from({ length: rows }, (_, row) => {
    const [a = 0, b = 0, c = 0] = values.subarray(row * COLUMNS, (row + 1) * COLUMNS);
    const isRisk = random.uniform() < logistic(-2.2 + 1.2 * a + 0.8 * b + (c > 0.5 ? 0.8 : 0));
    return Number(isRisk) ^ Number(random.uniform() < noise);
  });
  return { values, labels, rows, columns: COLUMNS };
}

/** Returns the result for a challenger that was trained on new weeks; `noise` of their labels is wrong. */
function gateRetrained(random: Random, trainingNoise: number, windowNoise: number): GateResult {
  const seed = random.below(2 ** 31);
  const [old, recent] = [drawWeeks(random, TRAINING_ROWS, 0), drawWeeks(random, TRAINING_ROWS, trainingNoise)];
  const window = drawWeeks(random, WINDOW_ROWS, windowNoise);
  const scoresOf = (training: typeof old): Float64Array =>
    evaluateRows(trainBoosting(training, TRAINER, seed), window.values).map(logistic);
  return gateChallenger({
    ...EQUAL_REST,
    ...{ championScores: scoresOf(old), challengerScores: scoresOf(recent), labels: window.labels },
    supplierIds: Array.from(window.labels, (_, row) => `S${row % (WINDOW_ROWS / 2)}`),
  });
}

/** Two rows of each supplier, and scores with an AUC of about 0.8. */
const PAIR: SimulatedPair = {
  rows: 20_000,
  rowsPerSupplier: 2,
  sharedError: 0.8,
  championError: 1.1,
  challengerError: 1.1,
};
const SMALL = { ...PAIR, rows: 4_000 };
const PAIRS = {
  "gain at 20,000 rows": { ...PAIR, championError: 1.28, challengerError: 0.8 },
  "equal at 4,000 rows": SMALL,
  "slightly worse at 4,000 rows": { ...SMALL, championError: 1, challengerError: 1.25 },
} satisfies Record<string, SimulatedPair>;

/** Returns the results for challengers that were trained on new weeks with wrong labels. */
export function plantedRegressions(): GateResult[] {
  const random = createRandom(20_261, "planted regression");
  // In half of the trials, the labels of the window are as wrong as those of the training.
  return Array.from({ length: TRIALS }, (_, trial) => gateRetrained(random, NOISE, trial % 2 === 0 ? NOISE : 0));
}

/** Returns the results for pairs with planted scores. */
export function pairTrials(name: keyof typeof PAIRS): GateResult[] {
  const random = createRandom(20_261, name);
  return Array.from({ length: TRIALS }, () => gateChallenger(simulatePair(random, PAIRS[name])));
}

/** Returns the number of results with a verdict. */
export const countVerdict = (results: readonly GateResult[], verdict: GateResult["verdict"]): number =>
  results.filter((result) => result.verdict === verdict).length;

/** Returns the mean difference of the AUC, challenger minus champion. */
export const meanAucGain = (results: readonly GateResult[]): number =>
  results.reduce((sum, { checks }) => sum + (checks.find(({ name }) => name === "auc")?.figure ?? 0), 0) /
  results.length;
