import { BAND_NUMBERS, BANDS } from "@bellwether/contract/band-codes";
import { isoWeekAt, parseIsoWeek } from "@bellwether/contract/iso-week";
import {
  type GetReportResponseSchema,
  type GetWeekResponseSchema,
  type MoverSchema,
  ReportFormat,
  type ReportService,
  WeekState,
} from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import { callerOf } from "@bellwether/mesh/call/caller";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { reportToCsv } from "@bellwether/report/report-to-csv";
import { reportToHtml } from "@bellwether/report/report-to-html";
import { reportFromJson, reportToJson, type WeeklyReport } from "@bellwether/report/weekly-report";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { ReportNotFoundError } from "../../domain/ops-error.ts";
import { type Mover, type ReportedRun, sumOf, type WeekReport, weekState } from "../../domain/runs/week-report.ts";
import { isSameFormula } from "../../domain/scores/expected-impact.ts";
import { isIncomplete } from "../../domain/scores/incomplete-score.ts";
import { lossesToProto } from "../messages/run-to-proto.ts";
import { formulaToProto, type ShownPolicy } from "../messages/supplier-to-proto.ts";

export interface ReportDependencies {
  readonly policy: ShownPolicy;
  readonly now: () => Date;
  readonly readWeekReport: (request: {
    readonly isoWeek: string;
    readonly modelName: string;
    readonly movers: number;
    readonly scope: SupplierScope | undefined;
  }) => Promise<WeekReport | undefined>;
  readonly readStoredReport: (request: {
    readonly isoWeek: string;
    readonly modelName: string;
  }) => Promise<StoredReport>;
}

/** A stored report, as JSON. */
type StoredReport = Pick<MessageInitShape<typeof GetReportResponseSchema>, "isoWeek" | "modelName" | "runId"> & {
  readonly isoWeek: string;
  /** Null: an earlier release completed the run. */
  readonly report: string | null;
};

/** File extension, media type and rendering of each form. */
const FORMATS = {
  json: ["json", "application/json; charset=utf-8", reportToJson],
  csv: ["csv", "text/csv; charset=utf-8", reportToCsv],
  html: ["html", "text/html; charset=utf-8", reportToHtml],
} as const satisfies Record<string, readonly [string, string, (report: WeeklyReport) => string]>;

function formatOf(format: ReportFormat) {
  if (format === ReportFormat.HTML) return FORMATS.html;
  return format === ReportFormat.CSV ? FORMATS.csv : FORMATS.json;
}

const DEFAULT_MOVERS = 10;

const STATES = { current: WeekState.CURRENT, late: WeekState.LATE, stale: WeekState.STALE } as const;

/** Returns the handlers of ReportService over the complete runs. */
export function reportHandlers({
  policy,
  now,
  readWeekReport,
  readStoredReport,
}: ReportDependencies): ServiceImpl<typeof ReportService> {
  return {
    async getReport({ isoWeek, modelName, format }) {
      const week = isoWeek === "" ? "" : parseIsoWeek(isoWeek);
      const { report, ...run } = await readStoredReport({ isoWeek: week, modelName });
      if (report === null) throw new ReportNotFoundError(run.isoWeek);
      const [extension, mediaType, render] = formatOf(format);
      const content = render(reportFromJson(report));
      return { ...run, fileName: `weekly-report-${run.isoWeek}.${extension}`, mediaType, content };
    },
    async getWeek({ isoWeek, modelName, movers }, context) {
      const week = isoWeek === "" ? "" : parseIsoWeek(isoWeek);
      const { scope } = callerOf(context);
      const report = await readWeekReport({ isoWeek: week, modelName, movers: movers || DEFAULT_MOVERS, scope });
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
    incomplete: isIncomplete(completeness, minCompleteness),
  };
}
