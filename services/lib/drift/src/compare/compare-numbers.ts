import { type CellRows, type Cells, cellOf, fillCells } from "../profile/cells.ts";
import { cellsOfProfile, type NumericProfile, sortKnown } from "../profile/numeric-profile.ts";
import { permutationTest } from "../significance/permutation-test.ts";
import { signFlipTest } from "../significance/sign-flip-test.ts";
import { type Change, smallestOf } from "./change.ts";
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
  const tests = [scores.location, scores.spread].map((score) => permutationTest(independent, present.counts, score));
  const [n, m] = [total(independent), total(present.counts)];
  let variance = 1 / n + 1 / m;
  if (paired !== null) {
    const [x, y] = [cellsOf(cells, values), cellsOf(cells, paired.values)];
    for (const score of [scores.location, scores.spread]) {
      const scored = pairScores(paired.pairs, scoresOf(x, score), scoresOf(y, score));
      tests.push(signFlipTest(scored.differences));
      if (score === scores.location) variance = differenceVariance(n, m, scored.differences.length, scored.correlation);
    }
  }
  return { ...describe(cells, rows, present, variance), p: isConstant(rows, present) ? null : smallestOf(tests) };
}

function describe(cells: Cells, rows: CellRows, present: CellRows, variance: number): Omit<Change, "p"> {
  const both = mixed(rows, present);
  // A constant reference has no deviation of its own.
  const deviation = winsorizedDeviation(rows) || winsorizedDeviation(both);
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
