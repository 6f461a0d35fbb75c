import type { FeatureBundle, GoldenRow } from "../bundle/feature-bundle.ts";
import { calibratedRisk } from "./calibration.ts";

/** Adds the calibrated score of each output to the rows; null for a raw regressor. */
export function scoredGoldenRows(
  bundle: Pick<FeatureBundle, "calibration" | "outputSpace">,
  rows: readonly GoldenRow[],
): GoldenRow[] {
  return rows.map((golden) => {
    const risk = calibratedRisk(bundle, golden.output);
    return { ...golden, riskScore: Number.isNaN(risk) ? null : risk };
  });
}
