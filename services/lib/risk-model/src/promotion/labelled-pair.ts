import type { LabelledRows } from "@bellwether/drift/quality/labelled-rows";
import { clustersOf, labelledScores } from "../evaluate/labelled-scores.ts";

/** Scores of both versions for the same rows with known outcomes. All arrays have one element a row. */
export interface ScoredPair {
  /** Calibrated scores of the champion, in [0, 1]; NaN: no score. */
  readonly championScores: Float64Array;
  /** Calibrated scores of the challenger, in [0, 1]; NaN: no score. */
  readonly challengerScores: Float64Array;
  /** 1: the risk occurred. 0: it did not. */
  readonly labels: Uint8Array;
  /** Supplier of each row. Rows of one supplier are not independent. */
  readonly supplierIds: readonly string[];
  /** Number of suppliers that each row represents, above 0: more than 1 for those of a random sample. Default: each only itself. */
  readonly weights?: Float64Array;
}

/** Rows that both versions have scored. */
export interface LabelledPair {
  readonly champion: LabelledRows;
  readonly challenger: LabelledRows;
  /** Position of each row in the given rows. */
  readonly positions: Uint32Array;
  /** Rows that only the challenger, and that only the champion, cannot score. */
  readonly unscoredByChallenger: number;
  readonly unscoredByChampion: number;
}

/**
 * Pairs the scores of both versions. @throws RangeError when the arrays differ in length, a label is not 0 or 1, or a score is outside
 * [0, 1], or a weight is not above 0
 */
export function pairScores(pair: ScoredPair): LabelledPair {
  const { championScores, challengerScores, labels, supplierIds } = pair;
  const rows = labels.length;
  const { weights = new Float64Array(rows).fill(1) } = pair;
  if ([championScores, challengerScores, supplierIds, weights].some(({ length }) => length !== rows))
    throw new RangeError("scores, labels and suppliers differ in their number of rows");
  const others = labels.findIndex((label) => label > 1);
  if (others >= 0) throw new RangeError(`label ${labels[others]} in row ${others}: the labels are 0 and 1`);
  const invalid = weights.findIndex((weight) => !(weight > 0 && Number.isFinite(weight)));
  if (invalid >= 0) throw new RangeError(`weight ${weights[invalid]} in row ${invalid}: weights are above 0`);
  const isOutside = (score: number): boolean => score < 0 || score > 1;
  for (const [name, scores] of [
    ["champion", championScores],
    ["challenger", challengerScores],
  ] as const) {
    const outside = scores.findIndex(isOutside);
    if (outside >= 0)
      throw new RangeError(`score ${scores[outside]} of the ${name} in row ${outside} is not in [0, 1]`);
  }
  const kept: number[] = [];
  let [byChallenger, byChampion] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const [noChampion, noChallenger] = [Number.isNaN(championScores[row]), Number.isNaN(challengerScores[row])];
    if (!noChampion && !noChallenger) kept.push(row);
    else if (!noChampion) byChallenger++;
    else if (!noChallenger) byChampion++;
  }
  const positions = Uint32Array.from(kept);
  const clusters = clustersOf(Array.from(positions, (row) => supplierIds[row]));
  const known = Uint8Array.from(positions, (row) => labels[row]);
  const represented = Float64Array.from(positions, (row) => weights[row]);
  const rowsOf = (scores: Float64Array): LabelledRows =>
    labelledScores(
      Float64Array.from(positions, (row) => scores[row]),
      known,
      clusters,
      represented,
    );
  return {
    champion: rowsOf(championScores),
    challenger: rowsOf(challengerScores),
    ...{ positions, unscoredByChallenger: byChallenger, unscoredByChampion: byChampion },
  };
}
