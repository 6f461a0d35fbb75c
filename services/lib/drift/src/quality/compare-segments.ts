import { holmAdjusted } from "../significance/holm.ts";
import { countSuppliers, MIN_CLASS_SUPPLIERS } from "./class-counts.ts";
import { type Estimate, estimateOf, pValueOf } from "./estimate.ts";
import { aucFigure, differenceFigure, type Figure, meanFigure } from "./figure.ts";
import { type LabelledRows, positionsWhere, selectRows } from "./labelled-rows.ts";
import { measureQuality, type Quality } from "./measure-quality.ts";
import { rankRows } from "./ranking.ts";

/** A way to divide the rows, for example by region. */
export interface SegmentDimension {
  readonly name: string;
  /** The segment of each row. */
  readonly segmentOf: readonly string[];
}

/** The difference of a segment from all other rows. */
export interface SegmentDifference {
  readonly figure: "auc" | "calibration_gap";
  /** Segment minus the rest. */
  readonly difference: Estimate;
  /** Probability of a difference like this by chance, corrected over all segments and figures (Holm). In [0, 1]. */
  readonly adjustedP: number;
  /** Whether the difference is outside chance. */
  readonly isFlagged: boolean;
}

/** The rows of one segment. */
export interface SegmentQuality {
  readonly dimension: string;
  readonly segment: string;
  readonly quality: Quality;
  /** Empty: too few suppliers to compare. */
  readonly differences: readonly SegmentDifference[];
}

/** Probability of at least one flag when no segment differs. */
const FAMILY_ERROR = 0.05;

/** The result of a comparison. */
export interface SegmentComparison {
  readonly segments: readonly SegmentQuality[];
  /** Number of segments that are not in `segments`, by dimension: those with the fewest rows. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/**
 * Measures each segment, and compares its ranking and its calibration with all other rows. The tests of all dimensions are one family.
 * @param maxSegments number of segments of a dimension, those with the most rows
 */
export function compareSegments(
  rows: LabelledRows,
  dimensions: readonly SegmentDimension[],
  { threshold, maxSegments }: { readonly threshold: number; readonly maxSegments: number },
): SegmentComparison {
  const leftOut: Record<string, number> = {};
  const found = dimensions.flatMap(({ name, segmentOf }) => {
    const positions = new Map<string, number[]>();
    for (const [i, segment] of segmentOf.entries()) {
      const known = positions.get(segment);
      if (known) known.push(i);
      else positions.set(segment, [i]);
    }
    const largest = [...positions].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1));
    if (largest.length > maxSegments) leftOut[name] = largest.length - maxSegments;
    return largest.slice(0, maxSegments).map(([segment, own]) => {
      const quality = measureQuality(selectRows(rows, Uint32Array.from(own)), threshold);
      return { dimension: name, segment, quality, figures: differencesOf(rows, own) };
    });
  });
  const tests = found.flatMap(({ figures }) => figures);
  const adjusted = holmAdjusted(tests.map(({ figure }) => pValueOf(figure, rows)));
  const adjustedOf = new Map(tests.map((test, i) => [test, adjusted[i]]));
  const segments = found.map(({ figures, ...segment }) => ({
    ...segment,
    differences: figures.map((test) => {
      const adjustedP = adjustedOf.get(test) ?? 1;
      const difference = estimateOf(test.figure, rows, "difference");
      return { figure: test.name, difference, adjustedP, isFlagged: adjustedP < FAMILY_ERROR };
    }),
  }));
  return { segments, leftOut };
}

interface Test {
  readonly name: SegmentDifference["figure"];
  readonly figure: Figure;
}

/** Returns the differences of the rows at these positions from all other rows; empty when one side has too few suppliers. */
function differencesOf(rows: LabelledRows, own: readonly number[]): Test[] {
  const isOwn = new Uint8Array(rows.labels.length);
  for (const i of own) isOwn[i] = 1;
  const others = positionsWhere(isOwn.length, (row) => isOwn[row] === 0);
  const sides = [Uint32Array.from(own), others].map((positions) => ({ positions, part: selectRows(rows, positions) }));
  const isEnough = sides.every(({ part }) => {
    const [positives, negatives] = countSuppliers(part);
    return positives >= MIN_CLASS_SUPPLIERS && negatives >= MIN_CLASS_SUPPLIERS;
  });
  if (!isEnough) return [];
  // The influence of each side in the positions of all rows, so that a supplier with rows on both sides is one cluster.
  const spread = (of: (part: LabelledRows) => Figure): Figure => {
    const [first, second] = sides.map(({ positions, part }): Figure => {
      const { value, influence, effectiveRows } = of(part);
      const whole = new Float64Array(rows.labels.length);
      for (let k = 0; k < positions.length; k++) whole[positions[k]] = influence[k];
      return { value, influence: whole, effectiveRows };
    });
    return differenceFigure(first, second);
  };
  return [
    { name: "auc", figure: spread((part) => aucFigure(rankRows(part.scores), part)) },
    {
      name: "calibration_gap",
      figure: spread(({ scores, labels, weights }) =>
        meanFigure(
          scores.map((score, i) => labels[i] - score),
          weights,
        ),
      ),
    },
  ];
}
