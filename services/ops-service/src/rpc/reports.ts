import { BAND_NUMBERS, BANDS } from "@bellwether/contract/band-codes";
import { isoWeekAt, parseIsoWeek } from "@bellwether/contract/iso-week";
import {
  type GetWeekResponseSchema,
  type MoverSchema,
  type ReportService,
  WeekState,
} from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { isSameFormula } from "../domain/expected-impact.ts";
import { type Mover, type ReportedRun, sumOf, type WeekReport, weekState } from "../domain/week-report.ts";
import { lossesToProto } from "./run-to-proto.ts";
import { formulaToProto, type ShownPolicy } from "./supplier-to-proto.ts";

export interface ReportDependencies {
  readonly policy: ShownPolicy;
  readonly now: () => Date;
  readonly readWeekReport: (request: {
    readonly isoWeek: string;
    readonly modelName: string;
    readonly movers: number;
  }) => Promise<WeekReport | undefined>;
}

const DEFAULT_MOVERS = 10;

const STATES = { current: WeekState.CURRENT, late: WeekState.LATE, stale: WeekState.STALE } as const;

/** Returns the handlers of ReportService over the complete runs. */
export function reportHandlers({ policy, now, readWeekReport }: ReportDependencies): ServiceImpl<typeof ReportService> {
  return {
    async getWeek({ isoWeek, modelName, movers }) {
      const week = isoWeek === "" ? "" : parseIsoWeek(isoWeek);
      const report = await readWeekReport({ isoWeek: week, modelName, movers: movers || DEFAULT_MOVERS });
      const currentIsoWeek = isoWeekAt(now(), "UTC");
      return report ? reportToProto(report, currentIsoWeek, policy) : { currentIsoWeek };
    },
  };
}

function reportToProto(
  report: WeekReport,
  currentIsoWeek: string,
  policy: ShownPolicy,
): MessageInitShape<typeof GetWeekResponseSchema> {
  const { run, previous, alerts } = report;
  const incomplete = sumOf(run.totals, "incomplete");
  return {
    ...{ isoWeek: run.isoWeek, modelName: report.modelName, modelNames: [...report.modelNames] },
    previousIsoWeek: previous?.isoWeek ?? "",
    state: STATES[weekState(report.latestWeek, currentIsoWeek)],
    ...{ latestIsoWeek: report.latestWeek, currentIsoWeek },
    ...{ laterFailure: report.laterFailure, laterRunning: report.isLaterRunning },
    ...(run.completedAt && { completedAt: timestampFromDate(run.completedAt) }),
    suppliers: BigInt(sumOf(run.totals, "suppliers") ?? 0),
    ...(incomplete !== null && { incompleteSuppliers: BigInt(incomplete) }),
    moneyAtRisk: moneyToProto(run),
    ...(previous && { previousMoneyAtRisk: moneyToProto(previous) }),
    ...(run.formula && { impactFormula: formulaToProto(run.formula) }),
    impactFormulaChanged: previous !== null && !isSameFormula(run.formula, previous.formula),
    bands: bandsToProto(run, previous),
    alerts: {
      ...{ raised: BigInt(alerts.raised), worse: BigInt(alerts.worse), better: BigInt(alerts.better) },
      ...{ cleared: BigInt(alerts.cleared), snoozed: BigInt(alerts.snoozed), resolved: BigInt(alerts.resolved) },
    },
    risers: report.risers.map((mover) => moverToProto(mover, policy)),
    fallers: report.fallers.map((mover) => moverToProto(mover, policy)),
    ...(run.losses && { losses: lossesToProto(run.losses) }),
    overtakenBy: run.overtakenBy,
  };
}

function moneyToProto({ totals }: ReportedRun) {
  return {
    amount: sumOf(totals, "impact") ?? 0,
    suppliersWithoutExposure: BigInt(sumOf(totals, "withoutExposure") ?? 0),
  };
}

function bandsToProto(run: ReportedRun, previous: ReportedRun | null) {
  const countOf = ({ totals }: ReportedRun, band: string): bigint =>
    BigInt(totals.find((total) => total.band === band)?.suppliers ?? 0);
  return BANDS.map((band) => ({
    ...{ band: BAND_NUMBERS[band], suppliers: countOf(run, band) },
    ...(previous && { previousSuppliers: countOf(previous, band) }),
  }));
}

function moverToProto(
  { supplierId, name, riskScore, change, band, impact, completeness }: Mover,
  { minCompleteness }: ShownPolicy,
): MessageInitShape<typeof MoverSchema> {
  return {
    ...{ supplierId, name, riskScore, change, band: BAND_NUMBERS[band] },
    ...(impact !== null && { impact }),
    incomplete: completeness !== null && completeness < minCompleteness,
  };
}
