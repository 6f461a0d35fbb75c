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

/** What this process computes for some rows. */
export interface RowAnswers {
  readonly outputs: Float32Array;
  readonly margins: Float32Array;
  /** `[rows × columns]`; null for a model without contributions. */
  readonly contributions: Float32Array | null;
}

/** Computes the golden rows. @throws ModelRejectedError when there are none, or they have another width */
export async function answerGoldenRows(
  { golden, columns }: Pick<FeatureBundle, "golden" | "columns">,
  session: OnnxSession,
  explainer: RowExplainer | null,
): Promise<RowAnswers> {
  if (golden.length === 0) throw new ModelRejectedError("the bundle has no golden rows to check the model against");
  const rows = Float32Array.from(golden.flatMap(({ row }) => row.map((x) => x ?? Number.NaN)));
  if (rows.length !== golden.length * columns.length)
    throw new ModelRejectedError(`golden rows are not ${columns.length} columns wide`);
  return await answerRows(rows, golden.length, session, explainer);
}

/** Computes rows, `[n × columns]`. */
export async function answerRows(
  rows: Float32Array,
  n: number,
  session: OnnxSession,
  explainer: RowExplainer | null,
): Promise<RowAnswers> {
  const { outputs, margins } = await session.runWithMargins(rows, n);
  return { outputs, margins, contributions: explainer?.explain(rows, n) ?? null };
}

/**
 * Verifies that the outputs are the recorded ones, and that the calibration converts them to the recorded scores.
 * @param scale Sizes of the summands of the output; null: the outputs must be bit-identical
 * @throws ModelRejectedError naming the first row that differs
 */
export function verifyGoldenRows(bundle: FeatureBundle, { outputs }: RowAnswers, scale: number | null): void {
  for (const [i, golden] of bundle.golden.entries()) {
    const output = outputs[i] as number;
    const isSame =
      scale === null
        ? Object.is(output, golden.output)
        : Math.abs(output - golden.output) <= TOLERANCE * Math.max(1, scale);
    if (!isSame)
      throw new ModelRejectedError(`golden row ${i}: recorded ${golden.output}, this runtime returns ${output}`);
    verifyRiskScore(bundle, golden, i);
  }
}

/**
 * Verifies that base value and contributions of each row add up to its margin.
 * @param scale Sizes of the summands of the margin (`outputScales`).
 * @param what names the rows in the error, for example "golden row"
 * @throws ModelRejectedError naming the first row that differs
 */
export function verifyAdditivity(
  { margins, contributions }: RowAnswers,
  baseValue: number,
  scale: number,
  what: string,
): void {
  if (contributions === null) return;
  const columns = contributions.length / margins.length;
  for (const [i, margin] of margins.entries()) {
    let sum = baseValue;
    for (let c = 0; c < columns; c++) sum += contributions[i * columns + c] as number;
    if (!(Math.abs(sum - margin) <= TOLERANCE * scale)) {
      throw new ModelRejectedError(
        `${what} ${i}: base value and contributions add up to ${sum}, the runtime returns ${margin}`,
      );
    }
  }
}

function verifyRiskScore(bundle: FeatureBundle, { output, riskScore }: GoldenRow, i: number): void {
  if (riskScore === undefined) return;
  const now = calibratedRisk(bundle, output);
  const same = riskScore === null ? Number.isNaN(now) : Math.abs(now - riskScore) <= RISK_SCORE_TOLERANCE;
  if (!same)
    throw new ModelRejectedError(`golden row ${i}: recorded score ${riskScore}, the calibration returns ${now}`);
}
