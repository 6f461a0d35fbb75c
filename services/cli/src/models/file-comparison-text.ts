import { countText } from "@bellwether/reasons/count-text";
import type { FileComparison } from "./compare-file.ts";
import { comparisonJson, comparisonLines } from "./comparison-text.ts";

/** Model and versions of a comparison. */
export interface ComparedVersions {
  readonly model: string;
  readonly champion: string;
  readonly challenger: string;
}

/** Returns the comparison over a file in lines for a person. */
export function fileComparisonLines(
  { model, champion, challenger }: ComparedVersions,
  { statistics, rows, rejectedIds, rejectedByChampion, rejectedByChallenger, missingColumns }: FileComparison,
): string[] {
  return [
    `${model}: ${champion} and ${challenger} over ${countText(rows, "row")}`,
    ...(champion === challenger ? ["both are the same version: every difference below is 0"] : []),
    ...comparisonLines(statistics),
    ...(rejectedIds === 0 ? [] : [`not compared: ${countText(rejectedIds, "row")} without a valid supplier_id`]),
    ...(rejectedByChampion + rejectedByChallenger === 0
      ? []
      : [
          `not compared: ${champion} rejects ${rejectedByChampion} rows, ${challenger} rejects ${rejectedByChallenger}`,
        ]),
    ...(missingColumns.length === 0
      ? []
      : [`features without a column in the file, treated as missing: ${missingColumns.join(", ")}`]),
  ];
}

/** Returns the comparison over a file as one object of JSON. */
export const fileComparisonJson = ({ statistics, ...counts }: FileComparison) => ({
  rows: counts.rows,
  rejected_ids: counts.rejectedIds,
  rejected_by_champion: counts.rejectedByChampion,
  rejected_by_challenger: counts.rejectedByChallenger,
  missing_columns: counts.missingColumns,
  statistics: comparisonJson(statistics),
});
