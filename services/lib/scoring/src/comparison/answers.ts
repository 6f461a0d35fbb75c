import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { predictedNumber } from "@bellwether/risk-model/calibrate/calibration";
import type { ColumnarInput, SupplierInput } from "@bellwether/risk-model/features/supplier-input";
import type { BatchScores } from "../batch/score-batch.ts";
import type { ScoringModel } from "../model/scoring-model.ts";
import type { SupplierScore } from "../score/score-supplier.ts";
import { bandOfNumber, type ComparedAnswer, MAX_REASONS } from "./compared-row.ts";
import { type FeatureColumns, firstFeatures, topFeatures } from "./top-features.ts";

/**
 * Returns what is compared of a score: the risk score, or the number of a regressor; the band; the first reasons, unless the score has
 * fewer contributions than that, because its caller asked for fewer.
 */
export function answerOfScore(
  { riskScore, prediction, band, contributions }: SupplierScore,
  { bundle }: Pick<ScoringModel, "bundle">,
): ComparedAnswer {
  const needed = Math.min(MAX_REASONS, bundle.features.length);
  const isKnown = contributions.length > 0 && contributions.length >= needed;
  return { value: riskScore ?? prediction, band, reasons: isKnown ? firstFeatures(contributions) : null };
}

/** Returns what is compared of one row of a batch. */
export function answerOfBatchRow(
  bundle: Pick<FeatureBundle, "outputSpace" | "link">,
  columns: FeatureColumns,
  scores: Pick<BatchScores, "riskScores" | "outputs" | "bands" | "contributions">,
  row: number,
): ComparedAnswer {
  const risk = scores.riskScores[row] as number;
  const output = scores.outputs[row] as number;
  const predicted = Number.isNaN(output) ? null : predictedNumber(bundle, output);
  const value = Number.isNaN(risk) ? predicted : risk;
  const width = columns.featureOfColumn.length;
  return {
    value,
    band: bandOfNumber(scores.bands[row] as number),
    reasons:
      scores.contributions === null || value === null
        ? null
        : topFeatures(columns, scores.contributions.subarray(row * width, (row + 1) * width)),
  };
}

/** Returns one row of a batch in the form of a single supplier. */
export function inputOfBatchRow(input: ColumnarInput, row: number): SupplierInput {
  const features: Record<string, number> = {};
  for (const [name, column] of input.numbers) {
    const value = column[row] as number;
    if (!Number.isNaN(value)) features[name] = value;
  }
  const categories: Record<string, string> = {};
  for (const [name, column] of input.categories) {
    const value = column[row] ?? null;
    if (value !== null) categories[name] = value;
  }
  return { features, categories, text: input.texts?.[row] ?? "" };
}
