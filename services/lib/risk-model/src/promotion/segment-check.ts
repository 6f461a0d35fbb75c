import { countSuppliers, MIN_CLASS_SUPPLIERS } from "@bellwether/drift/quality/class-counts";
import type { SegmentDimension } from "@bellwether/drift/quality/compare-segments";
import { type Estimate, estimateOf, pValueOf } from "@bellwether/drift/quality/estimate";
import { aucFigure, brierFigure, differenceFigure, type Figure } from "@bellwether/drift/quality/figure";
import { type LabelledRows, selectRows } from "@bellwether/drift/quality/labelled-rows";
import { rankRows } from "@bellwether/drift/quality/ranking";
import { holmAdjusted } from "@bellwether/drift/significance/holm";
import { checkOf, type GateCheck, signed } from "./gate-check.ts";
import type { LabelledPair } from "./labelled-pair.ts";

/** The difference of both versions in one segment, challenger minus champion. */
export interface SegmentDifference {
  readonly dimension: string;
  readonly segment: string;
  readonly rows: number;
  readonly suppliers: number;
  readonly figure: "auc" | "brier";
  readonly difference: Estimate;
  /** Probability of a loss like this by chance, corrected over all segments and figures (Holm). In [0, 1]. */
  readonly adjustedP: number;
  /** Whether the challenger is worse outside chance. */
  readonly isWorse: boolean;
}

/** The check of the segments, and what it has found. */
export interface SegmentResult {
  readonly check: GateCheck;
  /** The differences with the smallest probability first. */
  readonly differences: readonly SegmentDifference[];
}

/** Probability of at least one worse segment when none is. */
const FAMILY_ERROR = 0.05;
/** Segments of a dimension that are compared, those with the most rows, and dimensions. */
const MAX_SEGMENTS = 20;
const MAX_DIMENSIONS = 8;
/** Fewest suppliers of a segment whose probabilities are compared. */
const MIN_SUPPLIERS = 30;
/** Differences that a result lists. */
const MAX_LISTED = 20;
const MAX_NAMED = 3;
/** Longest name of a dimension and of a segment in a result, in characters. */
const MAX_NAME = 256;

interface Test {
  readonly dimension: string;
  readonly segment: string;
  readonly rows: LabelledRows;
  readonly suppliers: number;
  readonly name: SegmentDifference["figure"];
  readonly figure: Figure;
}

/**
 * Compares both versions within each segment. The tests are one-sided, and all of them are one family. Source of the correction: Holm, "A
 * simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
 * @param dimensions segments of the rows that were given to `pairScores`
 */
export function checkSegments(pair: LabelledPair, dimensions: readonly SegmentDimension[]): SegmentResult {
  const compared = dimensions.slice(0, MAX_DIMENSIONS);
  let leftOut = 0;
  const tests = compared.flatMap((dimension) => {
    const segments = segmentsOf(pair, dimension);
    leftOut += Math.max(0, segments.length - MAX_SEGMENTS);
    return segments.slice(0, MAX_SEGMENTS).flatMap(([segment, rows]) => testsOf(pair, dimension.name, segment, rows));
  });
  if (tests.length === 0) {
    const reason =
      dimensions.length === 0 ? "the rows have no categories" : "no segment has enough suppliers to compare";
    return { check: checkOf("segments", "not_made", reason), differences: [] };
  }
  const adjusted = holmAdjusted(tests.map(({ name, figure, rows }) => lossProbability(name, figure, rows)));
  const differences = tests
    .map(({ name, figure, rows, ...of }, i): SegmentDifference => {
      const adjustedP = adjusted[i];
      const difference = estimateOf(figure, rows, "difference");
      return {
        ...{ dimension: of.dimension.slice(0, MAX_NAME), segment: of.segment.slice(0, MAX_NAME) },
        ...{ suppliers: of.suppliers, rows: rows.labels.length },
        ...{ figure: name, difference, adjustedP, isWorse: adjustedP < FAMILY_ERROR },
      };
    })
    .sort((a, b) => a.adjustedP - b.adjustedP);
  const worse = differences.filter(({ isWorse }) => isWorse);
  const dropped = leftOut + dimensions.length - compared.length;
  const rest = dropped === 0 ? "" : `; ${dropped} small segments or further dimensions are not compared`;
  const named = worse
    .slice(0, MAX_NAMED)
    .map(({ dimension, segment, figure, difference }) => {
      const value = difference.value === null ? "" : ` ${signed(difference.value)}`;
      return `${dimension} ${segment.slice(0, 64)} (${figure === "auc" ? "AUC" : "Brier score"}${value})`;
    })
    .join(", ");
  const check =
    worse.length === 0
      ? checkOf("segments", "passed", `${tests.length} comparisons, none is worse outside chance${rest}`)
      : checkOf("segments", "failed", `worse outside chance: ${named}, ${worse.length} of ${tests.length}${rest}`);
  return { check, differences: differences.slice(0, MAX_LISTED) };
}

/** Returns the positions of the rows of each segment, the largest segment first. */
function segmentsOf({ positions }: LabelledPair, { segmentOf }: SegmentDimension): [string, number[]][] {
  const found = new Map<string, number[]>();
  for (let k = 0; k < positions.length; k++) {
    const segment = segmentOf[positions[k]] ?? "";
    const known = found.get(segment);
    if (known) known.push(k);
    else found.set(segment, [k]);
  }
  return [...found].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1));
}

function testsOf(pair: LabelledPair, dimension: string, segment: string, own: readonly number[]): Test[] {
  const positions = Uint32Array.from(own);
  const [before, after] = [selectRows(pair.champion, positions), selectRows(pair.challenger, positions)];
  const [positives, negatives, suppliers] = countSuppliers(before);
  const test = (name: Test["name"], of: (rows: LabelledRows) => Figure): Test => ({
    ...{ dimension, segment, rows: before, suppliers, name },
    figure: differenceFigure(of(after), of(before)),
  });
  return [
    ...(positives >= MIN_CLASS_SUPPLIERS && negatives >= MIN_CLASS_SUPPLIERS
      ? [test("auc", (rows) => aucFigure(rankRows(rows.scores), rows))]
      : []),
    ...(suppliers >= MIN_SUPPLIERS ? [test("brier", (rows) => brierFigure(rows.scores, rows))] : []),
  ];
}

/** Returns the one-sided probability of a loss at least as large, when there is none in truth. */
function lossProbability(name: Test["name"], figure: Figure, rows: LabelledRows): number {
  const half = pValueOf(figure, rows) / 2;
  const isLoss = name === "auc" ? figure.value < 0 : figure.value > 0;
  return isLoss ? half : 1 - half;
}
