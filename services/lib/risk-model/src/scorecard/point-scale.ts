import type { ScorecardScale } from "@bellwether/config/scorecard-spec";
import type { Calibration } from "../bundle/feature-bundle.ts";

/** Significant bits of `outputPerPoint`. */
const BITS = 8;

/** How a sum of points becomes the model's output, and the output a probability. */
export interface PointScale {
  /**
   * Output of one point: ln 2 divided by the points that double the odds, rounded to 8 significant bits. With at most
   * 2^16 points, each sum of points times this number is exact in float32, in any order of the summands.
   */
  readonly outputPerPoint: number;
  /** Corrects the rounding, and adds the log-odds at 0 points. */
  readonly calibration: Extract<Calibration, { kind: "platt" }>;
}

/**
 * Returns the scale of a scorecard: ln odds = ln odds₀ + (points − points₀) × ln 2 / points_to_double_the_odds
 * (Siddiqi, Credit Risk Scorecards, 2006, chapter 6, "Scaling"; there more points are less risk).
 */
export function pointScale({ points, probability, pointsToDoubleTheOdds }: ScorecardScale): PointScale {
  const perPoint = Math.LN2 / pointsToDoubleTheOdds;
  const unit = 2 ** (Math.floor(Math.log2(perPoint)) + 1 - BITS);
  const outputPerPoint = Math.round(perPoint / unit) * unit;
  return {
    outputPerPoint,
    calibration: {
      kind: "platt",
      slope: perPoint / outputPerPoint,
      intercept: Math.log(probability / (1 - probability)) - perPoint * points,
    },
  };
}
