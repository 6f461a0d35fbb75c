import {
  type GetPerformanceResponse,
  ScorecardSource,
  type WeekScorecard,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { countOf } from "../parts/format.ts";

/** What a source of the scorecard's scores means for one week. */
const SOURCE_WORDS: Readonly<Record<ScorecardSource, string>> = {
  [ScorecardSource.UNSPECIFIED]: "",
  [ScorecardSource.RUN]: "it scored the week",
  [ScorecardSource.STORED_FEATURES]: "computed later",
  [ScorecardSource.PENDING]: "not computed yet",
  [ScorecardSource.NO_FEATURES]: "no stored features",
  [ScorecardSource.OTHER_FEATURES]: "other features",
};

/** Returns where the scorecard's scores of a week come from, or why there are none. "": the week is not compared. */
export const sourceWords = (scorecard: WeekScorecard | undefined): string =>
  scorecard ? (SOURCE_WORDS[scorecard.source] ?? `source ${scorecard.source}`) : "";

/** Returns the name of the scorecard: "Scorecard v1". "": the model is not compared with one. */
export function scorecardName({ scorecard }: Pick<GetPerformanceResponse, "scorecard">): string {
  const version = scorecard?.modelVersion ?? "";
  return version === "" ? "" : `Scorecard ${visibleText(version)}`;
}

/** Returns with what the model is compared, in which weeks, and why not in the others. "": nothing is known about a scorecard. */
export function scorecardSentence(answer: GetPerformanceResponse): string {
  const { weeks, scorecard, overall } = answer;
  const name = scorecardName(answer);
  const note = visibleText(scorecard?.note ?? "");
  if (name === "") return note === "" ? "" : `Not compared with a scorecard: ${note}.`;
  const count = (source: ScorecardSource): number => weeks.filter((week) => week.scorecard?.source === source).length;
  const [own, later, pending] = [ScorecardSource.RUN, ScorecardSource.STORED_FEATURES, ScorecardSource.PENDING].map(
    count,
  );
  const [without, other] = [ScorecardSource.NO_FEATURES, ScorecardSource.OTHER_FEATURES].map(count);
  const unknown = weeks.reduce((sum, week) => sum + (week.scorecard?.unknownCategories ?? 0n), 0n);
  const parts = [
    own && `it scored ${countOf(own, "week")} itself`,
    later && `${countOf(later, "week")} computed later from the stored features`,
    pending && `${countOf(pending, "week")} not computed yet${note === "" ? "" : ` (${note})`}`,
    without && `${countOf(without, "week")} without stored features`,
    other && `${countOf(other, "week")} of a version with other features`,
    unknown > 0n && `${countOf(unknown, "supplier week")} with a category that is not stored`,
  ].filter((text) => typeof text === "string");
  const rows = overall?.scorecard?.rows ?? 0n;
  return `${name}, on ${countOf(rows, "supplier week")} that both have scored: ${parts.join(", ")}.`;
}
