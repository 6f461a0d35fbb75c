// Champions and challengers whose true AUC is known, on windows of suppliers with labels.
import { DEFAULT_PROMOTION_POLICY } from "@bellwether/config/promotion-policy";
import type { GateContract } from "../src/promotion/parity-checks.ts";
import type { GateInput } from "../src/promotion/promotion-gate.ts";
import type { Random } from "../src/random.ts";

const CONTRACT: GateContract = {
  features: [],
  text: null,
  classes: { risk: "high", other: "low" },
  bands: { high: 0.4, medium: 0.2 },
};
const EXPLANATION = {
  additivityError: 1e-7,
  importance: new Map([
    ["late_ratio", 0.5],
    ["disputes", 0.3],
    ["age", 0.1],
  ]),
};
const TIMES = Array.from({ length: 21 }, (_, i) => 0.2 + i / 1_000);

/** Everything of an input but the scores, for versions that differ only in their scores. */
export const EQUAL_REST: Omit<GateInput, "championScores" | "challengerScores" | "labels" | "supplierIds"> = {
  segments: [],
  trainedRows: { champion: 0, challenger: 0 },
  contracts: { champion: CONTRACT, challenger: CONTRACT },
  explanations: { champion: EXPLANATION, challenger: EXPLANATION },
  rowTimes: { champion: TIMES, challenger: TIMES },
  alerts: { open: 100, closed: 5, opened: 5, text: "open alerts" },
  policy: DEFAULT_PROMOTION_POLICY,
};

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** A window and the two versions. */
export interface SimulatedPair {
  readonly rows: number;
  /** Rows of one supplier; their risks are equal. */
  readonly rowsPerSupplier: number;
  /** Standard deviation of the error of the scores, in log-odds, that both versions share, and that each one has of its own. */
  readonly sharedError: number;
  readonly championError: number;
  readonly challengerError: number;
  /** Share of the labels of the window that are replaced by their opposite. */
  readonly labelNoise?: number;
}

const LEVEL = -2.6;
const SPREAD = 1.6;

/**
 * Returns the scores of both versions. A score is the probability of the risk given what the version knows, so that a version without
 * noise of the labels is calibrated: the error widens the score around the risk, and the score is shrunk by as much.
 */
export function simulatePair(random: Random, simulation: SimulatedPair): GateInput {
  const { rows, rowsPerSupplier, sharedError, championError, challengerError, labelNoise = 0 } = simulation;
  const [championScores, challengerScores] = [new Float64Array(rows), new Float64Array(rows)];
  const labels = new Uint8Array(rows);
  const supplierIds: string[] = [];
  const shrink = (own: number): number => SPREAD ** 2 / (SPREAD ** 2 + sharedError ** 2 + own ** 2);
  // The mean of the logistic function over what a version does not know (MacKay 1992).
  const scoreOf = (seen: number, own: number): number => {
    const known = shrink(own);
    const rest = SPREAD ** 2 * (1 - known);
    return logistic((LEVEL + known * seen) / Math.sqrt(1 + (Math.PI * rest) / 8));
  };
  let [risk, shared] = [0, 0];
  for (let row = 0; row < rows; row++) {
    if (row % rowsPerSupplier === 0) {
      risk = SPREAD * random.normal();
      shared = sharedError * random.normal();
    }
    const isRisk = random.uniform() < logistic(LEVEL + risk);
    labels[row] = Number(isRisk) ^ Number(random.uniform() < labelNoise);
    championScores[row] = scoreOf(risk + shared + championError * random.normal(), championError);
    challengerScores[row] = scoreOf(risk + shared + challengerError * random.normal(), challengerError);
    supplierIds.push(`S${Math.floor(row / rowsPerSupplier)}`);
  }
  return { ...EQUAL_REST, championScores, challengerScores, labels, supplierIds };
}
