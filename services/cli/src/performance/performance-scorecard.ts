import {
  type GetPerformanceResponse,
  type Performance,
  ScorecardSource,
  type WeekPerformance,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { printable } from "../output/printable.ts";
import { figureText } from "./figure-text.ts";

/** Names of the sources in JSON. */
export const SOURCE_NAMES: Readonly<Record<ScorecardSource, string>> = {
  [ScorecardSource.UNSPECIFIED]: "unknown",
  [ScorecardSource.RUN]: "run",
  [ScorecardSource.STORED_FEATURES]: "stored_features",
  [ScorecardSource.PENDING]: "pending",
  [ScorecardSource.NO_FEATURES]: "no_features",
  [ScorecardSource.OTHER_FEATURES]: "other_features",
};

/** What a source means for one week. */
const SOURCE_WORDS: Readonly<Record<ScorecardSource, string>> = {
  [ScorecardSource.UNSPECIFIED]: "unknown",
  [ScorecardSource.RUN]: "it scored the week",
  [ScorecardSource.STORED_FEATURES]: "computed later",
  [ScorecardSource.PENDING]: "not computed yet",
  [ScorecardSource.NO_FEATURES]: "no stored features",
  [ScorecardSource.OTHER_FEATURES]: "other features",
};

/** Returns what a source means for one week: "computed later". */
export const sourceWords = (source: ScorecardSource): string => SOURCE_WORDS[source] ?? "unknown";

/** Returns the name of the scorecard: "scorecard v1". "": the model is not compared with one. */
export function scorecardName({ scorecard }: GetPerformanceResponse): string {
  const version = scorecard?.modelVersion ?? "";
  return version === "" ? "" : `scorecard ${printable(version)}`;
}

/** Returns which weeks are compared with the scorecard, and why the others are not. */
export function comparedLines(answer: GetPerformanceResponse): string[] {
  const { scorecard, weeks } = answer;
  const note = printable(scorecard?.note ?? "");
  const name = scorecardName(answer);
  if (name === "") return note === "" ? [] : [`scorecard: not compared, because ${note}`];
  const count = (source: ScorecardSource): number => weeks.filter((week) => week.scorecard?.source === source).length;
  const [own, later, pending] = [ScorecardSource.RUN, ScorecardSource.STORED_FEATURES, ScorecardSource.PENDING].map(
    count,
  );
  const [without, other] = [ScorecardSource.NO_FEATURES, ScorecardSource.OTHER_FEATURES].map(count);
  const unknown = weeks.reduce((sum, week) => sum + (week.scorecard?.unknownCategories ?? 0n), 0n);
  const parts = [
    ...(own ? [`scored ${countText(own, "week")} itself`] : []),
    ...(later ? [`computed later for ${countText(later, "week")} from the stored features`] : []),
    ...(pending ? [`not computed yet for ${countText(pending, "week")}${note === "" ? "" : ` (${note})`}`] : []),
    ...(without ? [`${countText(without, "week")} without stored features`] : []),
    ...(other ? [`${countText(other, "week")} of a version with other features`] : []),
  ];
  return [
    `${name}: ${parts.join("; ") || "no weeks"}`,
    ...(unknown === 0n
      ? []
      : [
          `${name}: ${countText(unknown, "supplier week")} with a category that is not stored, scored as a category without points of its own`,
        ]),
  ];
}

/** Returns the figures of the scorecard beside those of the model. Empty: it has scored none of the supplier weeks. */
export function scorecardLines(performance: Performance, answer: GetPerformanceResponse): string[] {
  const { scorecard } = performance;
  if (scorecard === undefined) return [];
  const { atThreshold, atCapacity } = scorecard;
  const beside = (name: string, figure: Parameters<typeof figureText>[0], difference: typeof figure): string =>
    `  ${name} ${figureText(figure)}; the model minus it ${figureText(difference, true)}`;
  return [
    `${scorecardName(answer)} on ${countText(scorecard.rows, "of these supplier week", "of these supplier weeks")}:`,
    beside("AUC", scorecard.auc, scorecard.aucDifference),
    beside("average precision", scorecard.averagePrecision, scorecard.averagePrecisionDifference),
    beside("Brier score", scorecard.brier, scorecard.brierDifference),
    beside("log loss", scorecard.logLoss, scorecard.logLossDifference),
    `  at the alert threshold: precision ${figureText(atThreshold?.precision)}, recall ${figureText(atThreshold?.recall)}`,
    ...(atCapacity
      ? [
          `  at capacity: precision ${figureText(atCapacity.precision)}, recall ${figureText(atCapacity.recall)}; precision of the model minus it ${figureText(scorecard.capacityPrecisionDifference, true)}`,
        ]
      : []),
  ];
}

/** Returns the scorecard in one week: "  scorecard AUC 0.700 (computed later)". "": the model is not compared with one. */
export function scorecardOfWeek({ scorecard, performance }: WeekPerformance): string {
  if (scorecard === undefined) return "";
  const auc = performance?.scorecard?.auc;
  return `  scorecard AUC ${figureText(auc)} (${sourceWords(scorecard.source)})`;
}
