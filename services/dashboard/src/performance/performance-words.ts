import {
  type GetPerformanceResponse,
  type PerformanceFigure,
  SegmentKind,
  type SegmentPerformance,
  type WeekPerformance,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { countOf, countText, scoreText, signedText } from "../parts/format.ts";

/** Names of the kinds of segments. */
const KIND_WORDS: Readonly<Record<SegmentKind, string>> = {
  [SegmentKind.UNSPECIFIED]: "",
  [SegmentKind.REGION]: "Region",
  [SegmentKind.CATEGORY]: "Category",
  [SegmentKind.SIZE]: "Size",
};

/** Returns the name of a segment: "Region EU". */
export const segmentName = ({ kind, segment }: SegmentPerformance): string =>
  `${KIND_WORDS[kind] ?? `Kind ${kind}`} ${segment === "" ? "not known" : segment}`;

/** Returns a figure with its interval: "0.84 (0.79 to 0.88)". A dash: the outcomes do not determine it. */
export function figureText(figure: PerformanceFigure | undefined, isSigned = false): string {
  const text = (value: number): string => (isSigned ? signedText(value) : scoreText(value));
  const { value, low, high } = figure ?? {};
  if (value === undefined || !Number.isFinite(value)) return "–";
  return low === undefined || high === undefined ? text(value) : `${text(value)} (${text(low)} to ${text(high)})`;
}

/** Where outcomes come from, with the words for one of them and for several. */
const SOURCES = [
  ["fromEvents", "event"],
  ["fromRecords", "record"],
  ["fromReviews", "review"],
  ["fromDispositions", "disposition"],
  ["fromAbsence", "end of the horizon without an event", "ends of the horizon without an event"],
] as const;

/** Returns which alert rules are measured. "": those of the file, for all suppliers. */
function ruleSentence({ ruleSets }: GetPerformanceResponse): string | false {
  if (ruleSets.length < 2 && ruleSets.every(({ activation }) => activation === undefined)) return false;
  const limits = ruleSets.map(
    ({ setId, alertThreshold, capacity }) => `${setId} from score ${scoreText(alertThreshold)}, ${capacity} a week`,
  );
  return `With the alert rules that are active now: ${limits.join("; ")}.`;
}

type Coverage = NonNullable<WeekPerformance["coverage"]>;

/** Returns what is known about the outcomes and what is left out, as sentences. */
export function coverageSentences(answer: GetPerformanceResponse): string[] {
  const { weeks, horizonDays, completeAfterDays, knownOn, delay, weighted, measuredShare, weeksLeftOut } = answer;
  const sum = (of: (coverage: Coverage) => bigint): bigint =>
    weeks.reduce((total, { coverage }) => total + (coverage ? of(coverage) : 0n), 0n);
  const [scored, labelled] = [sum((one) => one.scored), sum((one) => one.labelled)];
  const [compared, contradictory] = [sum((one) => one.compared), sum((one) => one.contradictory)];
  const outside = sum((one) => one.outsideSample);
  const immature = weeks.filter(({ coverage }) => coverage?.immature).length;
  const sources = SOURCES.flatMap(([of, one, many]) => {
    const count = sum((coverage) => coverage[of]);
    return count === 0n ? [] : [countOf(count, one, many)];
  });
  const whole = completeAfterDays === undefined ? "Events are not recorded completely." : "";
  return [
    `Outcomes within ${countOf(horizonDays, "day")} after each week, as known on ${knownOn}.`,
    whole || `Without an event, the risk counts as not occurred ${countOf(completeAfterDays ?? 0, "day")} later.`,
    `${countText(labelled)} of ${countOf(scored, "score")} have an outcome${sources.length > 0 ? `: ${sources.join(", ")}` : ""}.`,
    immature > 0 && `The horizon of ${immature} of ${countOf(weeks.length, "week")} is not over.`,
    delay?.medianDays !== undefined &&
      `Half of ${countOf(delay.events, "event")} were known within ${countOf(delay.medianDays, "day")}.`,
    contradictory > 0n &&
      `Sources contradict each other at ${countText(contradictory)} of ${countOf(compared, "score")}.`,
    outside > 0n &&
      `${countOf(outside, "outcome")} of suppliers outside the review sample ${outside === 1n ? "is" : "are"} not measured.`,
    weighted && "Alerted suppliers and the review sample stand for all suppliers of their kind.",
    measuredShare > 0 &&
      measuredShare < 1 &&
      `A random ${Math.max(1, Math.round(100 * measuredShare))} % of the suppliers was measured, because there are too many.`,
    ruleSentence(answer),
    weeksLeftOut > 0 &&
      `${countOf(weeksLeftOut, "week")} without scores, or beyond 260, ${weeksLeftOut === 1 ? "is" : "are"} left out.`,
  ].filter((text) => typeof text === "string");
}
