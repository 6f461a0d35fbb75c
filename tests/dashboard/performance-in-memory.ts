import { OutcomeService, type RecordOutcomesRequest } from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import {
  type GetPerformanceResponse,
  type GetPerformanceResponseSchema,
  PerformanceService,
  ScorecardSource,
  SegmentFigure,
  SegmentKind,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { route } from "@bellwether/mesh/call/route";
import type { MessageInitShape } from "@bufbuild/protobuf";

type Answer = Exclude<MessageInitShape<typeof GetPerformanceResponseSchema>, GetPerformanceResponse>;

/** What the server measures. Tests change it. */
export interface PerformanceData {
  /** Returns the figures, or throws. */
  measure: () => Answer;
  /** The suppliers of the review sample that nobody has checked. */
  reviews: { supplierId: string; supplierName: string }[];
  /** Why an outcome is rejected. Undefined: it is recorded. */
  rejection?: string;
  readonly recorded: RecordOutcomesRequest[];
}

const figure = (value: number) => ({ value, low: value - 0.05, high: value + 0.05 });

const performance = {
  ...{ rows: 400n, positives: 40n, suppliers: 200n, effectiveRows: 400, meanScore: 0.12 },
  ...{ auc: figure(0.82), averagePrecision: figure(0.5), brier: figure(0.1), logLoss: figure(0.3) },
  ...{ observedRate: figure(0.1), calibrationGap: { value: -0.02, low: -0.06, high: 0.02 } },
  atThreshold: { flagged: 30, precision: figure(0.6), recall: figure(0.45) },
  atCapacity: { flagged: 20, precision: figure(0.7), recall: figure(0.35) },
  calibration: [0, 0.1, 0.8].map((from, i) => ({
    ...{ fromScore: from, toScore: from + 0.1, rows: BigInt(i * 20) },
    ...(i > 0 && { predicted: from + 0.05, observed: figure(from + 0.06) }),
  })),
  baseline: {
    rows: 200n,
    lastLabelAuc: figure(0.61),
    aucDifference: { value: 0.21, low: 0.12, high: 0.3 },
    baseRateBrier: figure(0.09),
    brierDifference: { value: 0.01, low: -0.01, high: 0.03 },
  },
  scorecard: {
    ...{ rows: 300n, auc: figure(0.75), aucDifference: { value: 0.07, low: 0.01, high: 0.13 } },
    atCapacity: { flagged: 20, precision: figure(0.4), recall: figure(0.3) },
    capacityPrecisionDifference: { value: 0.3, low: 0.1, high: 0.5 },
  },
};
const coverage = {
  scored: 500n,
  labelled: 200n,
  fromEvents: 20n,
  fromDispositions: 180n,
  compared: 9n,
  contradictory: 3n,
};
const WEEKS = Array.from({ length: 12 }, (_, i) => `2026-W${String(36 + i).padStart(2, "0")}`);

/** The performance over twelve weeks: the last one is not over, the first one has no outcome, a segment differs. */
export function demoPerformance(): Answer {
  return {
    ...{
      modelName: "supplier-risk",
      definition: "Insolvency <b>or</b> worse.",
      horizonDays: 90,
      knownOn: "2026-11-29",
    },
    ...{ fromWeek: "2026-W36", toWeek: "2026-W47", alertThreshold: 0.7, capacity: 10, overall: performance },
    measuredShare: 1,
    scorecard: { modelVersion: "v1 <i>", note: "" },
    weeks: WEEKS.map((isoWeek, i) => ({
      scorecard: { source: i === 0 ? ScorecardSource.NO_FEATURES : ScorecardSource.STORED_FEATURES, scored: 500n },
      ...{ isoWeek, modelVersion: i < 6 ? "v2" : "v3", coverage: { ...coverage, immature: i === 11 } },
      performance: i === 0 ? { rows: 0n } : performance,
    })),
    versions: [
      { modelVersion: "v2", firstWeek: "2026-W36", lastWeek: "2026-W41", performance },
      { modelVersion: "v3", firstWeek: "2026-W42", lastWeek: "2026-W47", performance },
    ],
    segments: [
      {
        ...{ kind: SegmentKind.REGION, segment: "EU <i>north</i>", performance },
        differences: [{ figure: SegmentFigure.AUC, difference: figure(-0.2), adjustedP: 0.001, flagged: true }],
      },
      {
        ...{ kind: SegmentKind.REGION, segment: "US", performance },
        differences: [{ figure: SegmentFigure.AUC, difference: figure(0.01), adjustedP: 0.9 }],
      },
      { kind: SegmentKind.SIZE, segment: "", performance, differences: [] },
    ],
    segmentsLeftOut: 4,
  };
}

/** Returns a server whose figures are those of `demoPerformance`. */
export const performanceData = (change: Partial<PerformanceData> = {}): PerformanceData => ({
  measure: demoPerformance,
  reviews: [],
  recorded: [],
  ...change,
});

/** Returns PerformanceService, and OutcomeService with the review sample. */
export function performanceInMemory(data: PerformanceData) {
  return [
    route(PerformanceService, { getPerformance: () => data.measure() }),
    route(OutcomeService, {
      listReviews: () => ({
        ...{ modelName: "supplier-risk", isoWeek: "2026-W47", frame: 400n },
        reviews: data.reviews.map((review) => ({ ...review, isoWeek: "2026-W47", riskScore: 0.2 })),
      }),
      recordOutcomes(request) {
        if (data.rejection !== undefined) return { violations: [{ row: 0, reason: data.rejection }] };
        data.recorded.push(request);
        data.reviews = data.reviews.filter(({ supplierId }) => supplierId !== request.rows[0]?.supplierId);
        return { recorded: 1 };
      },
    }),
  ];
}
