import { isIsoDate } from "@bellwether/config/iso-date";
import type { OutcomeSpec } from "@bellwether/config/model-spec";
import { isoWeekNumber, isoWeekOfNumber, parseIsoWeek } from "@bellwether/contract/iso-week";
import type { SegmentQuality } from "@bellwether/drift/quality/compare-segments";
import type { Estimate } from "@bellwether/drift/quality/estimate";
import type { Quality } from "@bellwether/drift/quality/measure-quality";
import type { ReferenceQuality } from "@bellwether/drift/quality/reference-quality";
import type { Selection } from "@bellwether/drift/quality/selection";
import {
  type OutcomeCoverageSchema,
  type PerformanceRuleSetSchema,
  type PerformanceSchema,
  type PerformanceScorecardSchema,
  type PerformanceService,
  ScorecardSource,
  SegmentFigure,
  SegmentKind,
  type SegmentPerformanceSchema,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { ModelNotScoredError, QueryError } from "../../domain/ops-error.ts";
import { latestDay, today } from "../../domain/outcomes/check-outcomes.ts";
import type { Coverage } from "../../domain/outcomes/label-week.ts";
import type { PerformanceReport, PerformanceTask, WeekScorecard } from "../../domain/outcomes/measure-performance.ts";
import type { RuleLimits } from "../../domain/outcomes/rule-limits.ts";
import type { ScorecardStatus } from "../../domain/outcomes/scorecard-scores.ts";
import { chooseModel, type ScoringModel } from "../../domain/scores/choose-model.ts";

export interface PerformanceDependencies {
  readonly now: () => Date;
  readonly listModels: () => Promise<readonly ScoringModel[]>;
  readonly outcomesOf: (modelName: string) => OutcomeSpec;
  /** Returns the limits of the active rule sets of a model. */
  readonly ruleLimitsOf: (modelName: string) => Promise<readonly RuleLimits[]>;
  /** Returns the scorecard with which the weeks of a model are compared. */
  readonly scorecardOf: (modelName: string, signal: AbortSignal) => Promise<ScorecardStatus>;
  readonly measure: (task: PerformanceTask, signal: AbortSignal) => Promise<PerformanceReport>;
}

/** Number of weeks that are measured by default. */
const DEFAULT_WEEKS = 52;

const KINDS: Readonly<Record<string, SegmentKind>> = {
  region: SegmentKind.REGION,
  category: SegmentKind.CATEGORY,
  size: SegmentKind.SIZE,
};

/** Returns the handler of PerformanceService. */
export function performanceHandlers(deps: PerformanceDependencies): ServiceImpl<typeof PerformanceService> {
  return {
    async getPerformance(request, { signal }) {
      const models = await deps.listModels();
      const modelName = chooseModel(models, request.modelName);
      if (modelName === undefined) throw new ModelNotScoredError(request.modelName, []);
      const latest = models.find((model) => model.modelName === modelName)?.latestWeek ?? "";
      const { fromWeek, toWeek } = weeksOf(request, latest);
      const knownOn = request.knownOn || today(deps.now());
      if (!isIsoDate(knownOn)) throw new QueryError("known_on", "is not a day such as 2026-03-01");
      // Events of the days to come are not known: their absence would count as an outcome.
      if (knownOn > latestDay(deps.now())) throw new QueryError("known_on", "is in the future");
      const outcomes = deps.outcomesOf(modelName);
      const ruleSets = await deps.ruleLimitsOf(modelName);
      const capacity = request.capacity || null;
      const { scorecard, note } = await deps.scorecardOf(modelName, signal);
      const task = { modelName, fromWeek, toWeek, knownOn, outcomes, ruleSets, capacity, scorecard };
      const report = await deps.measure(task, signal);
      return {
        ...{ modelName, fromWeek, toWeek, knownOn },
        capacity: capacity ?? ruleSets.reduce((sum, set) => sum + set.capacity, 0),
        alertThreshold: Math.min(...ruleSets.map(({ threshold }) => threshold)),
        ruleSets: ruleSets.map(ruleSetToProto),
        ...{ definition: outcomes.definition, horizonDays: outcomes.horizonDays },
        ...(outcomes.completeAfterDays !== null && { completeAfterDays: outcomes.completeAfterDays }),
        overall: qualityToProto(report.overall),
        weeks: report.weeks.map(({ isoWeek, modelVersion, quality, coverage, scorecard: own }) => ({
          ...{ isoWeek, modelVersion, performance: qualityToProto(quality), coverage: coverageToProto(coverage) },
          ...(own !== null && { scorecard: weekScorecardToProto(own) }),
        })),
        versions: report.versions.map(({ quality, ...version }) => ({
          ...version,
          performance: qualityToProto(quality),
        })),
        segments: report.segments.map(segmentToProto),
        segmentsLeftOut: report.segmentsLeftOut,
        delay: {
          events: BigInt(report.delay.events),
          ...(report.delay.medianDays !== null && { medianDays: report.delay.medianDays }),
          ...(report.delay.p90Days !== null && { p90Days: report.delay.p90Days }),
        },
        ...{ measuredShare: report.measuredShare, weeksLeftOut: report.weeksLeftOut, weighted: report.isWeighted },
        scorecard: { modelVersion: scorecard?.version ?? "", note },
      };
    },
  };
}

function ruleSetToProto(set: RuleLimits): MessageInitShape<typeof PerformanceRuleSetSchema> {
  const { setId, appliesTo, threshold, capacity, activation } = set;
  return {
    ...{ setId, regions: [...appliesTo.regions], categories: [...appliesTo.categories] },
    ...{ alertThreshold: threshold, capacity, ...(activation !== null && { activation: BigInt(activation) }) },
  };
}

/** @throws IsoWeekError, QueryError */
function weeksOf(request: { readonly fromWeek: string; readonly toWeek: string }, latest: string) {
  const toWeek = request.toWeek === "" ? latest : parseIsoWeek(request.toWeek);
  if (request.fromWeek !== "") {
    const fromWeek = parseIsoWeek(request.fromWeek);
    if (fromWeek > toWeek) throw new QueryError("from_week", `is after ${toWeek}, the last week`);
    return { fromWeek, toWeek };
  }
  const last = isoWeekNumber(toWeek);
  return { fromWeek: last === undefined ? "" : isoWeekOfNumber(last - DEFAULT_WEEKS + 1), toWeek };
}

function figure({ value, low, high }: Estimate) {
  return { ...(value !== null && { value }), ...(low !== null && { low }), ...(high !== null && { high }) };
}

function selection({ flagged, precision, recall }: Selection) {
  return { flagged, precision: figure(precision), recall: figure(recall) };
}

function qualityToProto(quality: Quality): MessageInitShape<typeof PerformanceSchema> {
  const { rows, positives, suppliers, effectiveRows, meanScore, baseline, reference, note } = quality;
  return {
    ...{ rows: BigInt(rows), positives: BigInt(positives), suppliers: BigInt(suppliers), effectiveRows, note },
    ...(meanScore !== null && { meanScore }),
    observedRate: figure(quality.observedRate),
    calibrationGap: figure(quality.calibrationGap),
    auc: figure(quality.auc),
    averagePrecision: figure(quality.averagePrecision),
    brier: figure(quality.brier),
    logLoss: figure(quality.logLoss),
    atThreshold: selection(quality.atThreshold),
    atCapacity: selection(quality.atCapacity),
    calibration: quality.calibration.map(({ from, to, rows: inBin, predicted, observed }) => ({
      ...{ fromScore: from, toScore: to, rows: BigInt(inBin), observed: figure(observed) },
      ...(predicted !== null && { predicted }),
    })),
    baseline: {
      rows: BigInt(baseline.rows),
      baseRateBrier: figure(baseline.baseRateBrier),
      baseRateLogLoss: figure(baseline.baseRateLogLoss),
      lastLabelAuc: figure(baseline.lastLabelAuc),
      lastLabelAveragePrecision: figure(baseline.lastLabelAveragePrecision),
      aucDifference: figure(baseline.aucDifference),
      averagePrecisionDifference: figure(baseline.averagePrecisionDifference),
      brierDifference: figure(baseline.brierDifference),
      logLossDifference: figure(baseline.logLossDifference),
    },
    ...(reference !== null && reference.rows > 0 && { scorecard: referenceToProto(reference) }),
  };
}

function referenceToProto(reference: ReferenceQuality): MessageInitShape<typeof PerformanceScorecardSchema> {
  const { atCapacity } = reference;
  return {
    rows: BigInt(reference.rows),
    auc: figure(reference.auc),
    averagePrecision: figure(reference.averagePrecision),
    brier: figure(reference.brier),
    logLoss: figure(reference.logLoss),
    atThreshold: selection(reference.atThreshold),
    aucDifference: figure(reference.aucDifference),
    averagePrecisionDifference: figure(reference.averagePrecisionDifference),
    brierDifference: figure(reference.brierDifference),
    logLossDifference: figure(reference.logLossDifference),
    ...(atCapacity !== null && {
      atCapacity: selection(atCapacity),
      capacityPrecisionDifference: figure(atCapacity.precisionDifference),
    }),
  };
}

const SOURCES: Readonly<Record<WeekScorecard["source"], ScorecardSource>> = {
  run: ScorecardSource.RUN,
  stored_features: ScorecardSource.STORED_FEATURES,
  pending: ScorecardSource.PENDING,
  no_features: ScorecardSource.NO_FEATURES,
  other_features: ScorecardSource.OTHER_FEATURES,
};

function weekScorecardToProto({ source, scored, unknownCategories }: WeekScorecard) {
  return { source: SOURCES[source], scored: BigInt(scored), unknownCategories: BigInt(unknownCategories) };
}

function coverageToProto(coverage: Coverage): MessageInitShape<typeof OutcomeCoverageSchema> {
  const { from } = coverage;
  return {
    scored: BigInt(coverage.scored),
    labelled: BigInt(coverage.labelled),
    fromEvents: BigInt(from.event),
    fromRecords: BigInt(from.record),
    fromReviews: BigInt(from.review),
    fromDispositions: BigInt(from.disposition),
    fromAbsence: BigInt(from.absence),
    compared: BigInt(coverage.compared),
    contradictory: BigInt(coverage.contradictory),
    outsideSample: BigInt(coverage.outsideSample),
    immature: coverage.isImmature,
    reviewSample: BigInt(coverage.reviewSample),
    reviewFrame: BigInt(coverage.reviewFrame),
  };
}

function segmentToProto(segment: SegmentQuality): MessageInitShape<typeof SegmentPerformanceSchema> {
  const { dimension, quality, differences } = segment;
  return {
    kind: KINDS[dimension] ?? SegmentKind.UNSPECIFIED,
    segment: segment.segment,
    performance: qualityToProto(quality),
    differences: differences.map(({ figure: name, difference, adjustedP, isFlagged }) => ({
      figure: name === "auc" ? SegmentFigure.AUC : SegmentFigure.CALIBRATION_GAP,
      difference: figure(difference),
      ...{ adjustedP, flagged: isFlagged },
    })),
  };
}
