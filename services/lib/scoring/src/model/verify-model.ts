import type { FeatureBundle, GoldenRow } from "@bellwether/risk-model/bundle/feature-bundle";
import { calibratedRisk } from "@bellwether/risk-model/calibrate/calibration";
import type { OnnxSession } from "../runtime/onnx-session.ts";
import { ModelRejectedError } from "./model-rejected-error.ts";
import type { RowExplainer } from "./row-explainer.ts";

/** Tolerance, relative to the size of the summands: the runtime sums trees in float32. */
const TOLERANCE = 1e-5;

/**
 * Tolerance of the calibration, which is computed in doubles: larger than the differences in the last digits
 * between machines.
 */
const RISK_SCORE_TOLERANCE = 1e-9;

/**
 * Verifies the golden rows: the runtime's outputs are bit-identical to the recorded ones, the calibration
 * converts them to the recorded scores, and base value and contributions add up to the margin.
 * @param scale Sizes of the summands of the margin (`outputScales`).
 * @throws ModelRejectedError naming the first row that differs.
 */
export async function verifyModel(
  bundle: FeatureBundle,
  session: OnnxSession,
  explainer: RowExplainer | null,
  scale: number,
): Promise<void> {
  const n = bundle.golden.length;
  const columns = bundle.columns.length;
  if (n === 0) throw new ModelRejectedError("the bundle has no golden rows to check the model against");
  const rows = Float32Array.from(bundle.golden.flatMap(({ row }) => row.map((x) => x ?? Number.NaN)));
  if (rows.length !== n * columns) throw new ModelRejectedError(`golden rows are not ${columns} columns wide`);
  const { outputs, margins } = await session.runWithMargins(rows, n);
  const contributions = explainer?.explain(rows, n);
  for (const [i, golden] of bundle.golden.entries()) {
    const output = outputs[i] as number;
    if (!Object.is(output, golden.output)) {
      throw new ModelRejectedError(`golden row ${i}: recorded ${golden.output}, this runtime returns ${output}`);
    }
    checkRiskScore(bundle, golden, i);
    if (explainer === null || contributions === undefined) continue;
    let sum = explainer.baseValue;
    for (let c = 0; c < columns; c++) sum += contributions[i * columns + c] as number;
    const margin = margins[i] as number;
    if (!(Math.abs(sum - margin) <= TOLERANCE * scale)) {
      throw new ModelRejectedError(
        `golden row ${i}: base value and contributions add up to ${sum}, the runtime returns ${margin}`,
      );
    }
  }
}

function checkRiskScore(bundle: FeatureBundle, { output, riskScore }: GoldenRow, i: number): void {
  if (riskScore === undefined) return;
  const now = calibratedRisk(bundle, output);
  const same = riskScore === null ? Number.isNaN(now) : Math.abs(now - riskScore) <= RISK_SCORE_TOLERANCE;
  if (!same)
    throw new ModelRejectedError(`golden row ${i}: recorded score ${riskScore}, the calibration returns ${now}`);
}
