import { type ExternalScore, MissingExternalScore } from "@bellwether/gen/bellwether/ops/v1/external_score_pb";
import { countOf } from "./format.ts";

/** Returns a score with its scale and day, or why there is none. */
export function externalScoreText({ source, score, missing, asOf, ageDays }: ExternalScore): string {
  if (score !== undefined) {
    const direction = source?.higherIsRiskier ? "higher is riskier" : "higher is better";
    return `${score} of ${source?.min ?? 0} to ${source?.max ?? 0}, ${direction}, as of ${asOf}`;
  }
  if (missing === MissingExternalScore.STALE)
    return `missing: the latest is of ${asOf}, ${countOf(ageDays, "day")} old`;
  return missing === MissingExternalScore.OUTSIDE_SCALE
    ? "missing: outside of the scale"
    : "missing: none was imported";
}
