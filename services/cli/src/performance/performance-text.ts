import type {
  GetPerformanceResponse,
  Performance,
  PerformanceFigure,
  PerformanceSelection,
  SegmentPerformance,
  WeekPerformance,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { printable } from "../output/printable.ts";
import { figureText } from "./figure-text.ts";
import { figureName, KIND_NAMES } from "./performance-json.ts";
import { comparedLines, scorecardLines, scorecardOfWeek } from "./performance-scorecard.ts";

/** Where outcomes come from, with the words for one of them. */
const SOURCES = [
  ["fromEvents", "event"],
  ["fromRecords", "record"],
  ["fromReviews", "review"],
  ["fromDispositions", "disposition"],
  ["fromAbsence", "end of the horizon without an event", "ends of the horizon without an event"],
] as const;

/** Returns what is known about the outcomes, one sentence a line. */
export function outcomeLines(answer: GetPerformanceResponse): string[] {
  const { definition, horizonDays, completeAfterDays, knownOn, delay, weeks } = answer;
  const sum = (of: (week: WeekPerformance) => bigint | undefined): bigint =>
    weeks.reduce((total, week) => total + (of(week) ?? 0n), 0n);
  const scored = sum(({ coverage }) => coverage?.scored);
  const labelled = sum(({ coverage }) => coverage?.labelled);
  const outside = sum(({ coverage }) => coverage?.outsideSample);
  const [compared, contradictory] = [
    sum(({ coverage }) => coverage?.compared),
    sum(({ coverage }) => coverage?.contradictory),
  ];
  const immature = weeks.filter(({ coverage }) => coverage?.immature).length;
  const share = scored === 0n ? "" : ` (${((100 * Number(labelled)) / Number(scored)).toFixed(1)} %)`;
  return [
    ...(definition === "" ? [] : [`risk: ${definition}`]),
    `outcomes: within ${countText(horizonDays, "day")} after each week, as known on ${knownOn}; ${
      completeAfterDays === undefined
        ? "events are not recorded completely"
        : `without an event, not occurred ${countText(completeAfterDays, "day")} later`
    }`,
    `coverage: ${labelled} of ${countText(scored, "score")} have an outcome${share}; the horizon of ${countText(immature, "week")} is not over`,
    `sources: ${SOURCES.map(([of, one, many]) =>
      countText(
        sum(({ coverage }) => coverage?.[of]),
        one,
        many,
      ),
    ).join(", ")}`,
    ...(delay?.medianDays === undefined
      ? []
      : [
          `delay: half of ${countText(delay.events, "event")} were known within ${delay.medianDays} days, nine of ten within ${delay.p90Days}`,
        ]),
    ...(compared === 0n
      ? []
      : [`disagreement: sources contradict each other at ${contradictory} of ${compared} scores with several`]),
    ...(outside === 0n
      ? []
      : [
          `left out: ${countText(outside, "outcome")} of suppliers without an alert outside the review sample; if events are recorded completely, declare outcomes.complete_after_days in model_config.yaml`,
        ]),
    ...(answer.weighted
      ? ["weights: alerted suppliers and the review sample stand for all suppliers of their kind"]
      : []),
    ...ruleSetLines(answer),
    ...comparedLines(answer),
    ...(answer.measuredShare < 1
      ? [
          `measured: a random ${(100 * answer.measuredShare).toFixed(1)} % of the suppliers, because there are too many for all`,
        ]
      : []),
    ...(answer.weeksLeftOut === 0
      ? []
      : [`left out: ${countText(answer.weeksLeftOut, "week")} without scores, or beyond 260`]),
  ];
}

/** Returns where suppliers are flagged: "at the alert threshold 0.7", or of several rule sets. */
export const thresholdText = ({ ruleSets, alertThreshold }: GetPerformanceResponse): string =>
  ruleSets.length > 1
    ? `at the alert thresholds of ${ruleSets.length} rule sets`
    : `at the alert threshold ${alertThreshold}`;

/** Returns the rules that are measured, when they are not only those of the file for all suppliers. */
function ruleSetLines({ ruleSets }: GetPerformanceResponse): string[] {
  if (ruleSets.length < 2 && ruleSets.every(({ activation }) => activation === undefined)) return [];
  const text = ruleSets.map(({ setId, alertThreshold, capacity, activation }) => {
    const from = activation === undefined ? "" : ` (activation ${activation})`;
    return `${printable(setId)}${from} from ${alertThreshold}, ${capacity} a week`;
  });
  return [`alert rules that are active now: ${text.join("; ")}`];
}

/** Returns the figures of a performance beside those of the baseline. */
export function qualityLines(performance: Performance | undefined, answer: GetPerformanceResponse): string[] {
  if (performance === undefined) return [];
  const { baseline, note, rows, positives, suppliers, effectiveRows } = performance;
  const beside = (
    name: string,
    figure: PerformanceFigure | undefined,
    difference: PerformanceFigure | undefined,
  ): string =>
    figure?.value === undefined
      ? ""
      : `; ${name} ${figure.value.toFixed(3)}, difference ${figureText(difference, true)}`;
  const selection = (which: PerformanceSelection | undefined): string =>
    `precision ${figureText(which?.precision)}, recall ${figureText(which?.recall)}`;
  return [
    `${countText(rows, "supplier week")} with an outcome, ${positives} with the risk, ${countText(suppliers, "supplier")}${
      effectiveRows < 0.99 * Number(rows) ? `, as precise as ${Math.round(effectiveRows)} equally weighted ones` : ""
    }`,
    `AUC ${figureText(performance.auc)}${beside("last outcome", baseline?.lastLabelAuc, baseline?.aucDifference)}`,
    `average precision ${figureText(performance.averagePrecision)}${beside("last outcome", baseline?.lastLabelAveragePrecision, baseline?.averagePrecisionDifference)}`,
    `Brier score ${figureText(performance.brier)}${beside("base rate", baseline?.baseRateBrier, baseline?.brierDifference)}`,
    `log loss ${figureText(performance.logLoss)}${beside("base rate", baseline?.baseRateLogLoss, baseline?.logLossDifference)}`,
    `calibration: risk ${figureText(performance.observedRate)}, mean score ${performance.meanScore?.toFixed(3) ?? "–"}, gap ${figureText(performance.calibrationGap, true)}`,
    `${thresholdText(answer)}: ${selection(performance.atThreshold)}`,
    `at capacity ${answer.capacity} a week: ${selection(performance.atCapacity)}`,
    ...scorecardLines(performance, answer),
    ...(note === "" ? [] : [note]),
  ];
}

/** Returns the weeks, one a line. */
export function weekLines({ weeks }: GetPerformanceResponse): string[] {
  return weeks.map((week) => {
    const { isoWeek, modelVersion, performance, coverage } = week;
    const labelled = `${coverage?.labelled ?? 0n} of ${coverage?.scored ?? 0n}`;
    const pending = coverage?.immature ? ", horizon not over" : "";
    return `${isoWeek}  ${modelVersion || "–"}  outcomes ${labelled}${pending}  AUC ${figureText(performance?.auc)}  Brier ${figureText(performance?.brier)}  precision at capacity ${figureText(performance?.atCapacity?.precision)}${scorecardOfWeek(week)}`;
  });
}

/** Returns the segments that differ outside chance, one difference a line, and how many were compared. */
export function segmentLines({ segments, segmentsLeftOut }: GetPerformanceResponse): string[] {
  const name = ({ kind, segment }: SegmentPerformance): string =>
    `${KIND_NAMES[kind]} ${segment === "" ? "(none)" : printable(segment)}`;
  const flagged = segments.flatMap((segment) =>
    segment.differences
      .filter((difference) => difference.flagged)
      .map(
        ({ figure, difference, adjustedP }) =>
          `differs: ${name(segment)}, ${figureName(figure)} ${figureText(difference, true)} against all others (corrected p ${adjustedP.toPrecision(2)})`,
      ),
  );
  const compared = segments.filter(({ differences }) => differences.length > 0).length;
  const rest = segmentsLeftOut === 0 ? "" : `, ${segmentsLeftOut} small ones are left out`;
  return [
    ...flagged,
    `segments: ${compared} of ${segments.length} have enough outcomes to compare${flagged.length === 0 ? ", and none differs outside chance" : ""}${rest}`,
  ];
}
