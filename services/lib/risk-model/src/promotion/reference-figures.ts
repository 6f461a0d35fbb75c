import { aucFigure, averagePrecisionFigure, brierFigure } from "@bellwether/drift/quality/figure";
import { type LabelledRows, selectRows } from "@bellwether/drift/quality/labelled-rows";
import { rankRows } from "@bellwether/drift/quality/ranking";
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
  const { labels, weights } = pair.champion;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const rate = labels.reduce((sum, label, row) => sum + weights[row] * label, 0) / total;
  const constant = { name: "base rate of the rows, for all", scores: new Float64Array(labels.length).fill(rate) };
  const others = references.slice(0, MAX_REFERENCES - 1).map(({ name, scores }) => ({
    name: name.slice(0, 100),
    scores: Float64Array.from(pair.positions, (row) => scores[row]),
  }));
  return [constant, ...others].map(({ name, scores }) => {
    const kept = [...scores.keys()].filter((row) => scores[row] >= 0 && scores[row] <= 1);
    const own: LabelledRows = selectRows({ ...pair.champion, scores }, Uint32Array.from(kept));
    const ranking = rankRows(own.scores);
    return {
      ...{ name, rows: kept.length, auc: known(aucFigure(ranking, own).value) },
      averagePrecision: known(averagePrecisionFigure(ranking, own).value),
      brier: known(brierFigure(own.scores, own).value),
    };
  });
}
