import {
  type GetPerformanceResponse,
  type Performance,
  type PerformanceFigure,
  type PerformanceScorecard,
  type PerformanceSelection,
  SegmentFigure,
  SegmentKind,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { SOURCE_NAMES } from "./performance-scorecard.ts";

/** Names of the kinds of segments. */
export const KIND_NAMES: Readonly<Record<SegmentKind, string>> = {
  [SegmentKind.UNSPECIFIED]: "unknown",
  [SegmentKind.REGION]: "region",
  [SegmentKind.CATEGORY]: "category",
  [SegmentKind.SIZE]: "size",
};

/** Names of the figures in which segments differ. */
const FIGURE_NAMES: Readonly<Record<SegmentFigure, string>> = {
  [SegmentFigure.UNSPECIFIED]: "unknown",
  [SegmentFigure.AUC]: "auc",
  [SegmentFigure.CALIBRATION_GAP]: "calibration_gap",
};

/** Returns the name of a figure in which segments differ, in words. */
export const figureName = (figure: SegmentFigure): string => (FIGURE_NAMES[figure] ?? "unknown").replace("_", " ");

const figureJson = (figure: PerformanceFigure | undefined) => ({
  value: figure?.value ?? null,
  low: figure?.low ?? null,
  high: figure?.high ?? null,
});

const selectionJson = (selection: PerformanceSelection | undefined) => ({
  flagged: selection?.flagged ?? 0,
  precision: figureJson(selection?.precision),
  recall: figureJson(selection?.recall),
});

function qualityJson(performance: Performance | undefined) {
  if (performance === undefined) return null;
  const { baseline } = performance;
  return {
    rows: Number(performance.rows),
    positives: Number(performance.positives),
    suppliers: Number(performance.suppliers),
    effective_rows: performance.effectiveRows,
    mean_score: performance.meanScore ?? null,
    observed_rate: figureJson(performance.observedRate),
    calibration_gap: figureJson(performance.calibrationGap),
    auc: figureJson(performance.auc),
    average_precision: figureJson(performance.averagePrecision),
    brier: figureJson(performance.brier),
    log_loss: figureJson(performance.logLoss),
    at_threshold: selectionJson(performance.atThreshold),
    at_capacity: selectionJson(performance.atCapacity),
    calibration: performance.calibration.map(({ fromScore, toScore, rows, predicted, observed }) => ({
      ...{
        from: fromScore,
        to: toScore,
        rows: Number(rows),
        predicted: predicted ?? null,
        observed: figureJson(observed),
      },
    })),
    baseline: {
      rows: Number(baseline?.rows ?? 0n),
      base_rate_brier: figureJson(baseline?.baseRateBrier),
      base_rate_log_loss: figureJson(baseline?.baseRateLogLoss),
      last_label_auc: figureJson(baseline?.lastLabelAuc),
      last_label_average_precision: figureJson(baseline?.lastLabelAveragePrecision),
      auc_difference: figureJson(baseline?.aucDifference),
      average_precision_difference: figureJson(baseline?.averagePrecisionDifference),
      brier_difference: figureJson(baseline?.brierDifference),
      log_loss_difference: figureJson(baseline?.logLossDifference),
    },
    scorecard: scorecardJson(performance.scorecard),
    note: performance.note,
  };
}

function scorecardJson(scorecard: PerformanceScorecard | undefined) {
  if (scorecard === undefined) return null;
  const { atCapacity } = scorecard;
  return {
    rows: Number(scorecard.rows),
    auc: figureJson(scorecard.auc),
    average_precision: figureJson(scorecard.averagePrecision),
    brier: figureJson(scorecard.brier),
    log_loss: figureJson(scorecard.logLoss),
    at_threshold: selectionJson(scorecard.atThreshold),
    at_capacity: atCapacity ? selectionJson(atCapacity) : null,
    auc_difference: figureJson(scorecard.aucDifference),
    average_precision_difference: figureJson(scorecard.averagePrecisionDifference),
    brier_difference: figureJson(scorecard.brierDifference),
    log_loss_difference: figureJson(scorecard.logLossDifference),
    capacity_precision_difference: figureJson(scorecard.capacityPrecisionDifference),
  };
}

/** Returns the performance of a model as JSON. */
export function performanceJson(answer: GetPerformanceResponse) {
  return {
    model: answer.modelName,
    definition: answer.definition,
    horizon_days: answer.horizonDays,
    complete_after_days: answer.completeAfterDays ?? null,
    known_on: answer.knownOn,
    ...{ from_week: answer.fromWeek, to_week: answer.toWeek, weeks_left_out: answer.weeksLeftOut },
    ...{ alert_threshold: answer.alertThreshold, capacity: answer.capacity },
    rule_sets: answer.ruleSets.map(({ setId, regions, categories, alertThreshold, capacity, activation }) => ({
      ...{ id: setId, regions, categories, alert_threshold: alertThreshold, capacity },
      activation: activation === undefined ? null : Number(activation),
    })),
    ...{ measured_share: answer.measuredShare, weighted: answer.weighted },
    overall: qualityJson(answer.overall),
    scorecard: { version: answer.scorecard?.modelVersion ?? "", note: answer.scorecard?.note ?? "" },
    weeks: answer.weeks.map(({ isoWeek, modelVersion, performance, coverage, scorecard }) => ({
      ...{ iso_week: isoWeek, version: modelVersion, ...qualityJson(performance) },
      scorecard_source: scorecard ? SOURCE_NAMES[scorecard.source] : null,
      scorecard_scored: Number(scorecard?.scored ?? 0n),
      scorecard_unknown_categories: Number(scorecard?.unknownCategories ?? 0n),
      coverage: coverage && {
        scored: Number(coverage.scored),
        labelled: Number(coverage.labelled),
        from_events: Number(coverage.fromEvents),
        from_records: Number(coverage.fromRecords),
        from_reviews: Number(coverage.fromReviews),
        from_dispositions: Number(coverage.fromDispositions),
        from_absence: Number(coverage.fromAbsence),
        compared: Number(coverage.compared),
        contradictory: Number(coverage.contradictory),
        outside_sample: Number(coverage.outsideSample),
        immature: coverage.immature,
        review_sample: Number(coverage.reviewSample),
        review_frame: Number(coverage.reviewFrame),
      },
    })),
    versions: answer.versions.map(({ modelVersion, firstWeek, lastWeek, performance }) => ({
      ...{ version: modelVersion, first_week: firstWeek, last_week: lastWeek, ...qualityJson(performance) },
    })),
    segments: answer.segments.map(({ kind, segment, performance, differences }) => ({
      ...{ kind: KIND_NAMES[kind], segment, ...qualityJson(performance) },
      differences: differences.map(({ figure, difference, adjustedP, flagged }) => ({
        ...{ figure: FIGURE_NAMES[figure], difference: figureJson(difference), adjusted_p: adjustedP, flagged },
      })),
    })),
    segments_left_out: answer.segmentsLeftOut,
    delay: {
      events: Number(answer.delay?.events ?? 0n),
      median_days: answer.delay?.medianDays ?? null,
      p90_days: answer.delay?.p90Days ?? null,
    },
  };
}
