import { type CellRows, type Cells, cellOf, fillCells, TRIMMED_SHARE } from "../profile/cells.ts";
import { cellsOfProfile, type NumericProfile, sortKnown } from "../profile/numeric-profile.ts";
import { permutationTest } from "../significance/permutation-test.ts";
import { signFlipTest } from "../significance/sign-flip-test.ts";
import { type Change, smallestOf, WHOLE_WEIGHT } from "./change.ts";
import { numberBins } from "./drift-bin.ts";
import { differenceVariance, type Pairs, pairScores } from "./pairs.ts";
import { expectedPsi, populationStabilityIndex, psiBins } from "./psi.ts";
import { rankScores } from "./rank-scores.ts";
import { expectedDistance, mixed, total, transport, winsorizedDeviation } from "./transport.ts";

/** Values of the previous week, with the rows of the same suppliers. */
export interface PairedNumbers {
  readonly values: Float64Array;
  readonly pairs: Pairs;
}

/** Scores that are tested, with their shares of the error: most drifts are shifts. */
const SCORES = [
  ["location", 0.8],
  ["spread", 0.2],
] as const;

/**
 * Compares numbers with a reference. Without pairs, all rows count as independent, and the rows of the reference as its
 * suppliers. With pairs there are two tests: of the changes within suppliers, and of both weeks as a whole, which finds
 * that other suppliers came. Both sides must have a known value.
 * @param values of the present week, NaN = missing
 * @param sorted the known values in ascending order
 */
export function compareNumbers(
  reference: NumericProfile,
  values: Float64Array,
  paired: PairedNumbers | null,
  sorted = sortKnown(values),
): Change {
  const { cells, rows } = cellsOfProfile(reference);
  const present = fillCells(cells, sorted);
  // Several rows of one supplier are one observation.
  const independent = rows.counts.map(
    (count) => (count * Math.min(reference.suppliers, reference.rows)) / reference.rows,
  );
  const scores = rankScores(independent, present.counts);
  const whole = paired === null ? 1 : WHOLE_WEIGHT;
  const tests = SCORES.map(([name, weight]) => ({
    p: permutationTest(independent, present.counts, scores[name]),
    weight: weight * whole,
  }));
  const [n, m] = [total(independent), total(present.counts)];
  let variance = 1 / n + 1 / m;
  if (paired !== null) {
    const [x, y] = [cellsOf(cells, values), cellsOf(cells, paired.values)];
    for (const [name, weight] of SCORES) {
      const scored = pairScores(paired.pairs, scoresOf(x, scores[name]), scoresOf(y, scores[name]));
      tests.push({ p: signFlipTest(scored.differences), weight: weight * (1 - whole) });
      if (name === "location") variance = differenceVariance(n, m, scored.differences.length, scored.correlation);
    }
  }
  return { ...describe(cells, rows, present, variance), p: isConstant(rows, present) ? null : smallestOf(tests) };
}

function describe(cells: Cells, rows: CellRows, present: CellRows, variance: number): Omit<Change, "p"> {
  const both = mixed(rows, present);
  const deviation = deviationOf(rows) || winsorizedDeviation(both, TRIMMED_SHARE);
  const { distance, shift, referenceMean, presentMean } = transport(rows, present);
  const bins = psiBins(rows.counts, present.counts);
  return {
    effect: deviation > 0 ? distance / deviation : 0,
    noise: deviation > 0 ? expectedDistance(both, variance) / deviation : 0,
    shift: deviation > 0 ? shift / deviation : 0,
    psi: populationStabilityIndex(bins.reference, bins.present),
    psiNoise: expectedPsi(bins.reference.length, variance),
    ...{ referenceValue: referenceMean, presentValue: presentMean, category: null },
    bins: numberBins(cells, rows, present),
  };
}

/** Rows at each end that do not count where the half percent would leave a constant: a few events in a thousand rows. */
const TRIMMED_ROWS = 2.5;

/** Returns the deviation of the reference. 0: it is constant, and both samples together have to decide. */
function deviationOf(rows: CellRows): number {
  return winsorizedDeviation(rows, TRIMMED_SHARE) || winsorizedDeviation(rows, TRIMMED_ROWS / total(rows.counts));
}

/** Whether all rows of both samples are in one cell. */
function isConstant(reference: CellRows, present: CellRows): boolean {
  return reference.counts.reduce((used, count, cell) => (count + present.counts[cell] > 0 ? used + 1 : used), 0) <= 1;
}

/** Returns the cell of each value; −1 = missing. */
function cellsOf(cells: Cells, values: Float64Array): Int32Array {
  const found = new Int32Array(values.length);
  for (let row = 0; row < values.length; row++)
    found[row] = Number.isNaN(values[row]) ? -1 : cellOf(cells, values[row]);
  return found;
}

function scoresOf(cells: Int32Array, score: Float64Array): Float64Array {
  const scored = new Float64Array(cells.length);
  for (let row = 0; row < cells.length; row++) scored[row] = cells[row] < 0 ? Number.NaN : score[cells[row]];
  return scored;
}
