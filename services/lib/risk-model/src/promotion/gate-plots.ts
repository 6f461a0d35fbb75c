import type { LabelledRows } from "@bellwether/drift/quality/labelled-rows";
import { type Ranking, rankRows } from "@bellwether/drift/quality/ranking";
import type { LabelledPair } from "./labelled-pair.ts";

/** Points of a curve, both in [0, 1]. */
export type CurvePoint = readonly [x: number, y: number];

/** A curve of each version. */
export interface BothCurves {
  readonly champion: readonly CurvePoint[];
  readonly challenger: readonly CurvePoint[];
}

/** Points of the plots of a result, rounded to four decimals. */
export interface GatePlots {
  /** Mean score and share with the risk of at most 10 groups of rows, by score. */
  readonly reliability: BothCurves;
  /** Recall and precision at 50 cuts. */
  readonly precisionRecall: BothCurves;
  /** Score of the challenger minus score of the champion: lower end of each of 20 bins of equal width, and its rows. */
  readonly scoreShift: readonly (readonly [from: number, rows: number])[];
}

const GROUPS = 10;
const CUTS = 50;
const BINS = 20;

const rounded = (x: number): number => Math.round(x * 1e4) / 1e4;

/** Returns the points of all plots. @param pair with at least one row */
export function plotPoints({ champion, challenger }: LabelledPair): GatePlots {
  const both = (of: (rows: LabelledRows, ranking: Ranking) => CurvePoint[]): BothCurves => ({
    champion: of(champion, rankRows(champion.scores)),
    challenger: of(challenger, rankRows(challenger.scores)),
  });
  return {
    reliability: both(reliability),
    precisionRecall: both(precisionRecall),
    scoreShift: scoreShift(champion.scores, challenger.scores),
  };
}

function reliability({ scores, labels, weights }: LabelledRows, { order, groups, starts }: Ranking): CurvePoint[] {
  const points: CurvePoint[] = [];
  let [total, score, positives] = [0, 0, 0];
  for (let g = 0; g < groups; g++) {
    for (let i = starts[g]; i < starts[g + 1]; i++) {
      const weight = weights[order[i]];
      total += weight;
      score += weight * scores[order[i]];
      positives += weight * labels[order[i]];
    }
    // A group ends only between different scores.
    const isFull = starts[g + 1] >= ((points.length + 1) * scores.length) / GROUPS;
    if (!isFull && g < groups - 1) continue;
    points.push([rounded(score / total), rounded(positives / total)]);
    [total, score, positives] = [0, 0, 0];
  }
  return points.reverse();
}

function precisionRecall({ labels, weights }: LabelledRows, { order, groups, starts }: Ranking): CurvePoint[] {
  const total = labels.reduce((sum, label, row) => sum + weights[row] * label, 0);
  if (total === 0) return [];
  const points: CurvePoint[] = [];
  let [seen, found] = [0, 0];
  for (let g = 0; g < groups; g++) {
    for (let i = starts[g]; i < starts[g + 1]; i++) {
      seen += weights[order[i]];
      found += weights[order[i]] * labels[order[i]];
    }
    // The next cut, or the last group.
    if (found < ((points.length + 1) * total) / CUTS && g < groups - 1) continue;
    if (found > 0 && points.length < CUTS) points.push([rounded(found / total), rounded(found / seen)]);
  }
  return points;
}

function scoreShift(before: Float64Array, after: Float64Array): [number, number][] {
  const shifts = after.map((score, i) => score - before[i]);
  const widest = shifts.reduce((most, shift) => Math.max(most, Math.abs(shift)), 0) || 0.01;
  const counts = new Array<number>(BINS).fill(0);
  for (const shift of shifts) counts[Math.min(BINS - 1, Math.floor(((shift + widest) / (2 * widest)) * BINS))]++;
  return counts.map((rows, bin) => [rounded(((2 * bin) / BINS - 1) * widest), rows]);
}
