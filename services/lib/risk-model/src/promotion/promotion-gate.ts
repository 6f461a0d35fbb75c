import type { PromotionPolicy } from "@bellwether/config/promotion-policy";
import { countSuppliers } from "@bellwether/drift/quality/class-counts";
import type { SegmentDimension } from "@bellwether/drift/quality/compare-segments";
import { checkOf, type GateCheck, type GateVerdict, verdictOf } from "./gate-check.ts";
import { type GatePlots, plotPoints } from "./gate-plots.ts";
import { type LabelledPair, pairScores, type ScoredPair } from "./labelled-pair.ts";
import {
  type AlertChanges,
  checkAdditivity,
  checkAlerts,
  checkContract,
  checkImportance,
  checkLatency,
  type GateContract,
  type MeasuredExplanation,
  type RowTimes,
} from "./parity-checks.ts";
import { qualityChecks } from "./quality-checks.ts";
import { type ReferenceFigures, type ReferenceScores, referenceFigures } from "./reference-figures.ts";
import { checkSegments, type SegmentDifference } from "./segment-check.ts";

/** Both sides of a comparison. */
export interface BothVersions<T> {
  readonly champion: T;
  readonly challenger: T;
}

/** What the promotion gate compares: both versions on the rows of the newest window with known outcomes. */
export interface GateInput extends ScoredPair {
  /** Divisions of the rows, for example by region. Empty: segments are not compared. */
  readonly segments: readonly SegmentDimension[];
  /** Number of the rows on which each version was, or may have been, trained. */
  readonly trainedRows: BothVersions<number>;
  readonly contracts: BothVersions<GateContract>;
  readonly explanations: BothVersions<MeasuredExplanation>;
  /** Empty: not measured. */
  readonly rowTimes: BothVersions<RowTimes>;
  /** Null: not known, which a person has to decide about. */
  readonly alerts: AlertChanges | null;
  /** What both are shown beside, for example a scorecard. They decide nothing. Default: none. */
  readonly references?: readonly ReferenceScores[];
  readonly policy: PromotionPolicy;
}

/** What the promotion gate has found. */
export interface GateResult {
  readonly verdict: GateVerdict;
  /** In the order of GATE_CHECKS. */
  readonly checks: readonly GateCheck[];
  /** Rows that both versions have scored, those with the risk, and their suppliers. */
  readonly rows: number;
  readonly positives: number;
  readonly suppliers: number;
  /** At most 20, the smallest probability of chance first. */
  readonly segments: readonly SegmentDifference[];
  /** The base rate of the rows, and the references of the input. */
  readonly references: readonly ReferenceFigures[];
  /** Null: no row was scored by both. */
  readonly plots: GatePlots | null;
}

/** Largest share of the champion's rows that the challenger may leave without a score. */
const MAX_UNSCORED = 0.01;

/**
 * Decides whether a challenger may replace the champion. Pure: the same input has the same result.
 * @throws RangeError when the arrays do not fit together, or have labels or scores out of range
 *
 * @example
 * const { verdict, checks } = gateChallenger({ ...scores, labels, supplierIds, segments: [], policy, … });
 * if (verdict === "PASS" && policy.isAutomatic) promote();
 */
export function gateChallenger(input: GateInput): GateResult {
  const { policy, segments, contracts, explanations, rowTimes, alerts, trainedRows } = input;
  const pair = pairScores(input);
  const { labels } = pair.champion;
  const [withRisk, withoutRisk, suppliers] = countSuppliers(pair.champion);
  const hasInterval = Math.min(withRisk, withoutRisk) >= policy.minClassSuppliers;
  const bySegment = checkSegments(pair, segments);
  const checks = [
    checkOf("measured", "passed", "both versions have scored the rows"),
    checkWindow(input.labels.length, { withRisk, withoutRisk }, trainedRows, policy),
    checkUnscored(pair),
    ...qualityChecks(pair, policy, hasInterval),
    bySegment.check,
    checkAdditivity(explanations.champion, explanations.challenger),
    checkImportance(explanations.champion, explanations.challenger, policy),
    checkContract(contracts.champion, contracts.challenger),
    checkLatency(rowTimes.champion, rowTimes.challenger, policy),
    checkAlerts(alerts, policy),
  ];
  return {
    ...{ verdict: verdictOf(checks), checks, suppliers, rows: labels.length },
    positives: labels.reduce((sum, label) => sum + label, 0),
    segments: bySegment.differences,
    references: labels.length === 0 ? [] : referenceFigures(pair, input.references ?? []),
    plots: labels.length === 0 ? null : plotPoints(pair),
  };
}

/**
 * Returns the result for a challenger that could not be measured: it was not loaded, crashed, or needed more time or memory than its
 * limits. @param reason one sentence without a full stop
 */
export function unmeasuredChallenger(reason: string): GateResult {
  const checks = [checkOf("measured", "failed", reason)];
  return { verdict: "FAIL", checks, rows: 0, positives: 0, suppliers: 0, segments: [], references: [], plots: null };
}

function checkWindow(
  rows: number,
  { withRisk, withoutRisk }: { readonly withRisk: number; readonly withoutRisk: number },
  trainedRows: BothVersions<number>,
  { minClassSuppliers: bound }: PromotionPolicy,
): GateCheck {
  const fewer = Math.min(withRisk, withoutRisk);
  const held = (reason: string): GateCheck => checkOf("window", "held", reason, { figure: fewer, bound });
  if (rows === 0) return held("no row of the window has a known outcome");
  if (trainedRows.challenger > 0)
    return held(`the challenger may have been trained on ${trainedRows.challenger} of ${rows} rows`);
  if (withRisk === 0) return held("the risk occurred at no supplier of the window");
  if (withoutRisk === 0) return held("the risk occurred at every supplier of the window");
  if (fewer < bound)
    return held(`${withRisk} suppliers with the risk and ${withoutRisk} without: at least ${bound} of each are needed`);
  const seen = trainedRows.champion === 0 ? "" : `; the champion may have been trained on ${trainedRows.champion} rows`;
  return checkOf("window", "passed", `${withRisk} suppliers with the risk and ${withoutRisk} without${seen}`, {
    ...{ figure: fewer, bound },
  });
}

function checkUnscored({ champion, unscoredByChallenger: missing, unscoredByChampion }: LabelledPair): GateCheck {
  const scored = champion.labels.length + missing;
  if (scored === 0) return checkOf("unscored", "not_made", "the champion has scored no row", { bound: MAX_UNSCORED });
  const share = missing / scored;
  const text = `${missing} of ${scored} rows that the champion scores have no score of the challenger; ${unscoredByChampion} the other way round`;
  return checkOf("unscored", share > MAX_UNSCORED ? "failed" : "passed", text, { figure: share, bound: MAX_UNSCORED });
}
