import { calibratedRisk } from "@bellwether/risk-model/calibrate/calibration";
import type { ColumnarInput, VectorBatch } from "@bellwether/risk-model/features/vectorize";
import { BAND_CODE, bandOf } from "./band.ts";
import { NotExplainableError } from "./score-supplier.ts";
import type { ScoringModel } from "./scoring-model.ts";

/** Scores of many suppliers; rows with a fault or too few features have NaN. */
export interface BatchScores {
  /** Calibrated, `[rows]`. */
  readonly riskScores: Float64Array;
  /** Model outputs before calibration, `[rows]`. */
  readonly outputs: Float64Array;
  /** Band codes, `[rows]`; 0 on a fault. */
  readonly bands: Uint8Array;
  /** `[rows × columns]`, row-major; null unless asked for. Zero on rows without a score. */
  readonly contributions: Float32Array | null;
  readonly missingCounts: Uint16Array;
  readonly faults: VectorBatch["faults"];
}

/**
 * Scores many suppliers; a bad row gets a fault and the others their scores, each with the bits it would have alone.
 * @throws NotExplainableError contributions are wanted of a model that has none.
 */
export async function scoreBatch(
  model: ScoringModel,
  input: ColumnarInput,
  withContributions: boolean,
): Promise<BatchScores> {
  const { bundle, explainer } = model;
  if (withContributions && explainer === null) throw new NotExplainableError(model.identity);
  const vectors = model.vectorizer.vectorizeBatch(input);
  const n = input.rows;
  const outputs = Float64Array.from(await model.predict(vectors.values, n));
  const contributions = withContributions && explainer !== null ? explainer.explain(vectors.values, n) : null;
  const riskScores = new Float64Array(n);
  const bands = new Uint8Array(n);
  const faulty = new Set(vectors.faults.map((fault) => fault.row));
  const columns = model.vectorizer.columns;
  for (let row = 0; row < n; row++) {
    if (faulty.has(row) || vectors.tooFew[row] === 1) {
      riskScores[row] = Number.NaN;
      outputs[row] = Number.NaN;
      bands[row] = faulty.has(row) ? 0 : BAND_CODE.unknown;
      contributions?.fill(0, row * columns, (row + 1) * columns);
      continue;
    }
    const risk = calibratedRisk(bundle, outputs[row] as number);
    riskScores[row] = risk;
    bands[row] = Number.isNaN(risk) ? BAND_CODE.unknown : BAND_CODE[bandOf(risk, bundle.bands)];
  }
  return { riskScores, outputs, bands, contributions, missingCounts: vectors.missingCounts, faults: vectors.faults };
}
