import { averagePrecision, brierScore, createRanking } from "../evaluate/metrics.ts";
import type { LabelledPair } from "./labelled-pair.ts";

/** Scores of something that both versions are compared with, for example a scorecard. */
export interface ReferenceScores {
  /** For example "scorecard v2". At most 100 characters. */
  readonly name: string;
  /** One element a given row, in [0, 1]; NaN: no score. */
  readonly scores: Float64Array;
}

/** The figures of a reference on the rows that both versions and the reference have scored. */
export interface ReferenceFigures {
  readonly name: string;
  readonly rows: number;
  /** Null: the rows do not determine it. */
  readonly auc: number | null;
  readonly averagePrecision: number | null;
  readonly brier: number | null;
}

/** Most references of a result. */
const MAX_REFERENCES = 8;

const known = (x: number): number | null => (Number.isFinite(x) ? x : null);

/** Returns the figures of the base rate of the window, and of each reference. */
export function referenceFigures(pair: LabelledPair, references: readonly ReferenceScores[]): ReferenceFigures[] {
  const { labels } = pair.champion;
  const rate = labels.reduce((sum, label) => sum + label, 0) / labels.length;
  const constant = { name: "base rate of the rows, for all", scores: new Float64Array(labels.length).fill(rate) };
  const others = references.slice(0, MAX_REFERENCES - 1).map(({ name, scores }) => ({
    name: name.slice(0, 100),
    scores: Float64Array.from(pair.positions, (row) => scores[row]),
  }));
  return [constant, ...others].map(({ name, scores }) => {
    const kept = [...scores.keys()].filter((row) => scores[row] >= 0 && scores[row] <= 1);
    const own = Float64Array.from(kept, (row) => scores[row]);
    const ownLabels = Uint8Array.from(kept, (row) => labels[row]);
    return {
      ...{ name, rows: kept.length, auc: known(createRanking(own, ownLabels).auc()) },
      averagePrecision: known(averagePrecision(own, ownLabels)),
      brier: known(brierScore(own, ownLabels)),
    };
  });
}
