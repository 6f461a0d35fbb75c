import { BAND_NUMBERS, NO_BAND } from "@bellwether/contract/band-codes";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { calibratedRisk } from "@bellwether/risk-model/calibrate/calibration";
import type { ColumnarInput } from "@bellwether/risk-model/features/supplier-input";
import type { VectorBatch } from "@bellwether/risk-model/features/vector";
import type { RowExplainer } from "../model/row-explainer.ts";
import type { ScoringModel } from "../model/scoring-model.ts";
import { nextTurn, TURN_ROWS } from "../runtime/event-loop-turn.ts";
import { bandOf } from "../score/band-of-score.ts";
import { NotExplainableError } from "../score/score-supplier.ts";

/** Scores of many suppliers. Rows with an error or too few features have NaN. */
export interface BatchScores {
  /** Calibrated, `[rows]`. */
  readonly riskScores: Float64Array;
  /** Model outputs before calibration, or margins of the risk class, `[rows]`. */
  readonly outputs: Float64Array;
  /** Band codes, `[rows]`; 0 for a row with an error. */
  readonly bands: Uint8Array;
  /** `[rows × columns]`, row-major; null unless requested. NaN for rows without a score. */
  readonly contributions: Float32Array | null;
  /** Weights of the terms of the texts, `[rows × terms]`, row-major; null unless requested, or without a text. */
  readonly termWeights: Float32Array | null;
  readonly missingCounts: Uint16Array;
  readonly unknownCategories: VectorBatch["unknownCategories"];
  readonly violations: VectorBatch["violations"];
}

/** Explains a batch in small steps. Between two steps, the event loop handles other work. */
async function explainInTurns(explainer: RowExplainer, values: Float32Array, n: number): Promise<Float32Array> {
  const out = new Float32Array(values.length);
  const columns = values.length / n;
  for (let start = 0; start < n; start += TURN_ROWS) {
    await nextTurn();
    const count = Math.min(TURN_ROWS, n - start);
    out.set(explainer.explain(values.subarray(start * columns, (start + count) * columns), count), start * columns);
  }
  return out;
}

/** Copies the columns of the terms; null when the model has no text. Rows with a violation have zeros. */
function termWeightsOf({ columns }: FeatureBundle, values: Float32Array, n: number): Float32Array | null {
  const first = columns.findIndex(({ kind }) => kind === "term");
  if (first < 0) return null;
  const width = columns.length;
  const terms = width - first;
  const weights = new Float32Array(n * terms);
  for (let row = 0; row < n; row++) weights.set(values.subarray(row * width + first, (row + 1) * width), row * terms);
  return weights.map((weight) => (Number.isNaN(weight) ? 0 : weight));
}

/**
 * Scores many suppliers. An invalid row gets an error, and the other rows get their scores. The score of a
 * row is bit-identical to that of the supplier alone.
 * @throws NotExplainableError when contributions are requested and the model has none.
 */
export async function scoreBatch(
  model: ScoringModel,
  input: ColumnarInput,
  withContributions: boolean,
  withTermWeights = false,
): Promise<BatchScores> {
  const { bundle, explainer } = model;
  if (withContributions && explainer === null) throw new NotExplainableError(model);
  const vectors = model.vectorizer.vectorizeBatch(input);
  const n = input.rows;
  const predicted = await model.predict(vectors.values, n);
  const margins = new Float64Array(predicted.margins);
  const contributions =
    withContributions && explainer !== null ? await explainInTurns(explainer, vectors.values, n) : null;
  const riskScores = new Float64Array(n);
  const bands = new Uint8Array(n);
  const invalidRows = new Set(vectors.violations.map((violation) => violation.row));
  const columns = model.vectorizer.columns;
  for (let row = 0; row < n; row++) {
    if (invalidRows.has(row) || vectors.tooFew[row] === 1) {
      riskScores[row] = Number.NaN;
      margins[row] = Number.NaN;
      bands[row] = invalidRows.has(row) ? NO_BAND : BAND_NUMBERS.unknown;
      contributions?.fill(Number.NaN, row * columns, (row + 1) * columns);
      continue;
    }
    const risk = calibratedRisk(bundle, predicted.outputs[row] as number);
    riskScores[row] = risk;
    bands[row] = Number.isNaN(risk) ? BAND_NUMBERS.unknown : BAND_NUMBERS[bandOf(risk, bundle.bands)];
  }
  return {
    riskScores,
    outputs: margins,
    bands,
    contributions,
    termWeights: withTermWeights ? termWeightsOf(bundle, vectors.values, n) : null,
    missingCounts: vectors.missingCounts,
    unknownCategories: vectors.unknownCategories,
    violations: vectors.violations,
  };
}
