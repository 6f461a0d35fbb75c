import { Band, ContributionSchema, OutputSpace } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import {
  type Alert,
  AlertDimension,
  AlertSchema,
  AlertSeverity,
  AlertState,
  AlertTrend,
} from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import {
  BatchRunSchema,
  DriftAspect,
  DriftKind,
  DriftOutcome,
  DriftReference,
  type FeatureDriftSchema,
  RunStage,
  RunState,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ReasonSchema } from "@bellwether/gen/bellwether/ops/v1/reason_pb";
import { WeekState } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import { SupplierSchema, type SupplierScore, SupplierScoreSchema } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { OpsData } from "./ops-in-memory.ts";

const HOUR_MS = 3_600_000;
const MODEL = { name: "supplier-risk", version: "v3" };
const NAMES = [
  "Aldermoor Castings",
  "Brightwater Polymers",
  "Corvina Logistics",
  "Dunmere Electronics",
  "Estrel Packaging",
  "Fennick & Sons",
  "Galtura Chemicals",
  "Hollin Textiles",
  "Ilmarin Shipping",
  "Jorvik Bearings",
  "Kestrel Optics",
  "Lindqvist Steel",
];
const REGIONS = ["Northern Europe", "East Asia", "South America"];
const FEATURES = [
  "past_disputes",
  "stability_index",
  "defect_rate_ppm",
  "credit_rating",
  "single_source_share",
  "contract_text:force majeure",
  "order_volume_trend",
  "audit_findings",
  "quoted_lead_time_days",
  "currency_exposure",
  "contract_text:penalty",
  "years_of_relation",
  "sanctions_hits",
  "energy_cost_share",
  "region",
];

const REASONS = [
  {
    ...{ feature: "past_disputes", text: "past disputes 7 (typical 1)", contribution: 1.4 },
    ...{ value: 7, previousValue: 4, typical: 1, unit: "disputes" },
  },
  {
    ...{ feature: "stability_index", text: "stability index 0.35 index", contribution: 0.7 },
    ...{ value: 0.35, previousValue: 0.35, unit: "index" },
  },
  { feature: "defect_rate_ppm", text: "defect rate ppm 5.31", contribution: -0.47, value: 5.31 },
];

/** Scores fall from one supplier to the next. The last supplier has too little data for a score. */
const scoreOf = (i: number): number | undefined => (i === NAMES.length - 1 ? undefined : 0.93 - i * 0.07);

function bandOf(score: number | undefined): Band {
  if (score === undefined) return Band.UNKNOWN;
  return score >= 0.7 ? Band.HIGH : score >= 0.4 ? Band.MEDIUM : Band.LOW;
}

function weekScore(i: number, weeksAgo: number): SupplierScore {
  const latest = scoreOf(i);
  const swing = Math.sin(weeksAgo * 1.3 + i) * 0.05;
  const score = latest === undefined ? undefined : Math.max(0.02, latest - weeksAgo * 0.022 + (weeksAgo && swing));
  return create(SupplierScoreSchema, {
    isoWeek: `2026-W${String(47 - weeksAgo).padStart(2, "0")}`,
    runId: 30 - weeksAgo,
    ...(score !== undefined && { riskScore: score, change: 0.034 }),
    band: bandOf(score),
    ...(score !== undefined && { impact: (4_200_000 / (i + 1)) * score }),
    model: weeksAgo > 12 ? { ...MODEL, version: "v2" } : MODEL,
  });
}

function explained(i: number): SupplierScore {
  const score = weekScore(i, 0);
  if (score.riskScore === undefined) return score;
  score.contributions = FEATURES.map((feature, k) =>
    create(ContributionSchema, {
      feature,
      contribution: (1.4 / (k + 1)) * (k % 3 === 2 ? -1 : 1) * (1 - i * 0.08),
      ...(feature === "region" ? { category: REGIONS[i % 3] ?? "" } : k !== 7 && { value: 0.31 + k * 2.5 }),
      ...(feature === "past_disputes" && {
        ...REASONS[0],
        contribution: 1.4 * (1 - i * 0.08),
        previousContribution: 0.8,
      }),
      ...(feature === "stability_index" && { ...REASONS[1], contribution: 0.7 * (1 - i * 0.08) }),
    }),
  );
  score.reasons = REASONS.map((reason) => create(ReasonSchema, reason));
  score.missingFeatures = ["audit_findings"];
  score.featuresPresent = 13;
  score.featuresTotal = 14;
  score.baseValue = -1.2;
  score.outputSpace = OutputSpace.MARGIN;
  return score;
}

/** Returns an alert about the supplier with this index, from 0. */
export function demoAlert(i: number, state: AlertState = AlertState.OPEN): Alert {
  const score = scoreOf(i) ?? 0;
  const critical = score >= 0.85;
  return create(AlertSchema, {
    alertId: `0190f3c0-0000-7000-8000-${String(i).padStart(12, "0")}`,
    supplierId: `S-${1000 + i}`,
    supplierName: NAMES[i] ?? "",
    ruleId: "high-risk-score",
    dimension: AlertDimension.SCORE,
    severity: critical ? AlertSeverity.CRITICAL : AlertSeverity.WARNING,
    state,
    riskScore: score,
    raisedWeek: "2026-W46",
    lastWeek: "2026-W47",
    modelName: "supplier-risk",
    modelVersion: "v7",
    reasons: REASONS.slice(0, 2),
    version: 1n,
    ...{ scoreChange: 0.12 - i * 0.02, trend: i % 2 ? AlertTrend.WORSE : AlertTrend.NEW },
    ...{ expectedImpact: (4_200_000 / (i + 1)) * score, currency: "EUR", signals: 1n, band: bandOf(score) },
    raisedAt: timestampFromMs(Date.now() - (i * 30 + 1) * HOUR_MS),
    changedAt: timestampFromMs(Date.now() - (i * 7 + 1) * HOUR_MS),
    summary: critical
      ? `Score ${score.toFixed(2)} is at or above 0.85.`
      : `Score ${score.toFixed(2)} is at or above 0.70 for two runs in a row.`,
  });
}

/** Returns twelve suppliers, three alerts, a run that is scoring and one that is complete. */
export function demoData(): OpsData {
  const suppliers = NAMES.map((name, i) =>
    create(SupplierSchema, {
      supplierId: `S-${1000 + i}`,
      name,
      region: REGIONS[i % 3] ?? "",
      category: i % 2 ? "Components" : "Raw materials",
      ...{ exposure: 4_200_000 / (i + 1), exposureCurrency: "EUR" },
      latestScore: explained(i),
      activeAlerts: i < 3 ? 1 : 0,
    }),
  );
  const histories = new Map(
    suppliers.map(({ supplierId }, i) => [
      supplierId,
      Array.from({ length: 26 }, (_, ago) => ago)
        .filter((ago) => ago !== 9 && ago !== 10)
        .map((ago) => weekScore(i, ago)),
    ]),
  );
  const complete = create(BatchRunSchema, {
    runId: 30,
    isoWeek: "2026-W47",
    modelName: MODEL.name,
    model: MODEL,
    state: RunState.COMPLETE,
    stage: RunStage.REPORT,
    rowsRead: 12_480n,
    rowsScored: 12_451n,
    rowsRejected: 29n,
    chunksReceived: 4,
    chunksTotal: 4,
    alertsRaised: 3,
    bands: [
      { band: Band.HIGH, rows: 1_204n },
      { band: Band.MEDIUM, rows: 3_310n },
      { band: Band.LOW, rows: 7_820n },
      { band: Band.UNKNOWN, rows: 117n },
    ],
    drift: FEATURES.slice(0, 8).map(demoDrift),
    startedAt: timestampFromMs(Date.now() - 50 * HOUR_MS),
    completedAt: timestampFromMs(Date.now() - 49 * HOUR_MS),
  });
  const running = create(BatchRunSchema, {
    runId: 31,
    isoWeek: "2026-W48",
    modelName: MODEL.name,
    state: RunState.RUNNING,
    stage: RunStage.SCORE,
    rowsRead: 12_512n,
    rowsScored: 4_096n,
    rowsRejected: 21n,
    chunksReceived: 1,
    chunksTotal: 4,
    startedAt: timestampFromMs(Date.now() - HOUR_MS / 30),
  });
  const alerts = [0, 1, 2].map((i) => demoAlert(i));
  return { alerts, suppliers, histories, runs: [running, complete], week: demoWeek() };
}

function demoWeek(): NonNullable<OpsData["week"]> {
  const mover = (i: number, change: number) => ({
    ...{ supplierId: `S-${1000 + i}`, name: NAMES[i] ?? "", riskScore: scoreOf(i) ?? 0, change },
    ...{ band: bandOf(scoreOf(i)), impact: 1_000_000 / (i + 1) },
  });
  return {
    ...{ isoWeek: "2026-W47", previousIsoWeek: "2026-W46", latestIsoWeek: "2026-W47", currentIsoWeek: "2026-W48" },
    ...{ modelName: MODEL.name, modelNames: [MODEL.name], state: WeekState.CURRENT, suppliers: 12_451n },
    moneyAtRisk: { amount: 41_200_000, suppliersWithoutExposure: 12n },
    previousMoneyAtRisk: { amount: 39_900_000 },
    impactFormula: { text: "risk score × exposure (EUR) × criticality weight", currency: "EUR" },
    bands: [
      { band: Band.LOW, suppliers: 7_820n, previousSuppliers: 7_900n },
      { band: Band.HIGH, suppliers: 1_204n, previousSuppliers: 1_150n },
    ],
    alerts: { raised: 14n, worse: 6n, better: 3n, cleared: 9n, snoozed: 2n, resolved: 5n },
    incompleteSuppliers: 31n,
    risers: Array.from({ length: 10 }, (_, i) => mover(i, 0.3 - i * 0.02)),
    fallers: [mover(10, -0.2)],
  };
}

/** Returns `count` alerts about suppliers with distinct names, half of them critical. */
export function manyAlerts(count: number): Alert[] {
  return Array.from({ length: count }, (_, i) => {
    const alert = demoAlert(i % 6);
    return Object.assign(alert, {
      alertId: `0190f3c0-0000-7000-9000-${String(i).padStart(12, "0")}`,
      supplierId: `S-${1000 + (i % NAMES.length)}`,
      supplierName: `Supplier ${String(i).padStart(3, "0")}`,
      severity: i < count / 2 ? AlertSeverity.CRITICAL : AlertSeverity.WARNING,
      // In the order of the list, which is by severity and then by expected impact.
      expectedImpact: 20_000_000 - 1_000 * i,
    });
  });
}

/** The drift of a feature since training: the first one is an alarm. */
function demoDrift(feature: string, k: number): MessageInitShape<typeof FeatureDriftSchema> {
  const effect = 0.31 / (k + 1);
  const bins = Array.from({ length: 20 }, (_, i) => {
    const height = (at: number): number => Math.exp(-(((i - at) / 4) ** 2)) / 7.1;
    return { lower: i, upper: i + 1, referenceShare: height(8), presentShare: height(8 + 8 * effect) };
  });
  const [outcome, mark] = k === 0 ? [DriftOutcome.ALARM, " (alarm)"] : [DriftOutcome.NO_ALARM, ""];
  const text = `${feature} rose by ${effect.toFixed(2)} σ since training${mark}`;
  const figures = { effect, effectNoise: 0.02, shift: effect, psi: effect / 2, psiNoise: 0.01, referenceValue: 8 };
  const rows = { referenceRows: 8_000n, presentRows: 10_000n, pValue: k === 0 ? 0.0001 : 0.4, presentValue: 9 };
  const compared = { reference: DriftReference.TRAINING, aspect: DriftAspect.VALUES, outcome, text, bins };
  return { feature, psi: 0.01, kind: DriftKind.NUMERIC, comparisons: [{ ...compared, ...figures, ...rows }] };
}
