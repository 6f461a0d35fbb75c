import { type ExternalScore, MissingExternalScore } from "@bellwether/gen/bellwether/ops/v1/external_score_pb";
import { countText } from "@bellwether/reasons/count-text";
import { enumWord } from "../output/enum-word.ts";
import { printable } from "../output/printable.ts";

/** Returns a score of an external source as lines, with its licence. */
export function externalScoreLines(external: ExternalScore): string[] {
  const { source } = external;
  if (!source) return [];
  const direction = source.higherIsRiskier ? "higher is riskier" : "higher is better";
  return [
    `${printable(source.title)}: ${valueText(external)} (scale ${source.min} to ${source.max}, ${direction})`,
    ...(external.scoredSupplierId === "" ? [] : [`  of the merged supplier ${printable(external.scoredSupplierId)}`]),
    `  licence: ${printable(source.licence)}`,
  ];
}

function valueText({ score, missing, asOf, ageDays, source }: ExternalScore): string {
  if (score !== undefined) return `${score} as of ${asOf}`;
  if (missing === MissingExternalScore.STALE)
    return `missing: the latest score is of ${asOf}, ${countText(ageDays, "day")} old, and counts for ${countText(source?.staleAfterDays ?? 0, "day")}`;
  if (missing === MissingExternalScore.OUTSIDE_SCALE) return `missing: the score of ${asOf} is outside of the scale`;
  return "missing: none was imported";
}

/** Returns a score of an external source as one object of JSON. */
export function externalScoreJson({ source, score, missing, asOf, ageDays, scoredSupplierId }: ExternalScore) {
  return {
    source: source?.name ?? null,
    title: source?.title ?? null,
    licence: source?.licence ?? null,
    min: source?.min ?? null,
    max: source?.max ?? null,
    higher_is: source?.higherIsRiskier ? "riskier" : "better",
    score: score ?? null,
    missing: enumWord(MissingExternalScore, missing) || null,
    as_of: asOf || null,
    age_days: asOf === "" ? null : ageDays,
    scored_supplier_id: scoredSupplierId || null,
  };
}
