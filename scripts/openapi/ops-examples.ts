/** The id of the schedule that every scheduler-service has. */
const WEEKLY = { scheduleId: "weekly" };
const MODEL = { modelName: "supplier-risk" };
const SUPPLIER = { supplierId: "S_00001", ...MODEL };
const RUN = { runId: 1 };

/** Bytes as JSON has them: base64. */
const bytes = (numbers: Float64Array | Float32Array | Uint8Array): string =>
  Buffer.from(numbers.buffer).toString("base64");
const DIGEST = (letter: string): string => letter.repeat(64);
/** Rules in the form of config/alert_rules.yaml. */
const RULES = `version: 1
cool_down_weeks: 2
score_threshold: { id: high-score, raise: 0.7, runs_to_raise: 2, critical: 0.85, clear: 0.6, runs_to_clear: 2 }
weekly_capacity: { id: weekly-capacity, suppliers: 10, min_lift: 1, keep_within: 20 }
`;

const ops = (service: string, method: string): string => `/bellwether.ops.v1.${service}/${method}`;
const schedule = (method: string): string => `/bellwether.schedule.v1.ScheduleService/${method}`;

/**
 * Returns examples of requests that the names of the fields do not make well. Without a week, a request is about the
 * latest one, so that a started demo answers it; ids of alerts, jobs, keys and notices are those of an installation.
 */
export const opsExamples = (): Readonly<Record<string, { readonly request: unknown }>> => ({
  [ops("AlertService", "ListAlerts")]: { request: { pageSize: 50, states: ["ALERT_STATE_OPEN"], ...MODEL } },
  [ops("AlertService", "BacktestRules")]: { request: { rulesYaml: RULES, ...MODEL } },
  [ops("AuditService", "ReplayPrediction")]: { request: { id: "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e62" } },
  [ops("AuditService", "ReplayRun")]: { request: MODEL },
  [ops("ApiKeyService", "CreateApiKey")]: { request: { name: "erp-export", role: "ROLE_VIEWER" } },
  // One supplier of the band high, whose two contributions and base value add up to its margin.
  [ops("BatchService", "SubmitChunk")]: {
    request: {
      ...{
        lease: { runId: 12, fence: "1" },
        chunk: 0,
        supplierIds: ["S_00001"],
        supplierNames: ["Aldermoor Castings"],
      },
      scores: {
        ...{ riskScores: bytes(Float64Array.of(0.73)), bands: bytes(Uint8Array.of(4)) },
        ...{ columnNames: ["late_ratio", "past_disputes"], contributions: bytes(Float32Array.of(1.5, 0.5)) },
        ...{ baseValue: -1, margins: bytes(Float64Array.of(1)), outputSpace: "OUTPUT_SPACE_MARGIN" },
        model: {
          ...{ name: "supplier-risk", version: "v1" },
          ...{ modelDigest: DIGEST("a"), bundleDigest: DIGEST("b"), configHash: DIGEST("c") },
        },
      },
    },
  },
  [ops("BatchService", "FailRun")]: {
    request: { lease: { runId: 12, fence: "1" }, reason: "the input file is cut off" },
  },
  [ops("BatchService", "ApproveRun")]: {
    request: { runId: 12, reason: "two sites were merged: fewer rows are right" },
  },
  [ops("BatchService", "VoidRun")]: { request: { runId: 12, reason: "the file was that of another week" } },
  [ops("BatchService", "SupersedeRun")]: { request: { runId: 12, reason: "corrected amounts arrived on Tuesday" } },
  [ops("BatchService", "RecordMissedWeek")]: {
    request: { isoWeek: "2026-W47", ...MODEL, reason: "no file arrived until Monday 18:00" },
  },
  [ops("BatchService", "GetRun")]: { request: MODEL },
  [ops("BatchService", "WatchRun")]: { request: RUN },
  [ops("NoticeService", "EnableDestination")]: { request: { name: "procurement" } },
  [ops("OutcomeService", "RecordOutcomes")]: {
    request: {
      requestId: "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e60",
      rows: [
        { supplierId: "S_00001", value: "OUTCOME_VALUE_OCCURRED", happenedOn: "2026-03-01", knownOn: "2026-03-20" },
      ],
      source: "OUTCOME_SOURCE_CALL",
    },
  },
  [ops("OutcomeService", "CorrectOutcome")]: {
    request: { outcomeId: "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e61", reason: "another company of that name" },
  },
  [ops("OutcomeService", "ListOutcomes")]: { request: MODEL },
  [ops("OutcomeService", "ListReviews")]: { request: MODEL },
  [ops("PerformanceService", "GetPerformance")]: { request: MODEL },
  [ops("ReportService", "GetWeek")]: { request: MODEL },
  [ops("ReportService", "GetReport")]: { request: { ...MODEL, format: "REPORT_FORMAT_JSON" } },
  [ops("RuleService", "PutRuleDraft")]: { request: { rulesYaml: RULES } },
  [ops("RuleService", "ActivateRuleDraft")]: {
    request: { setId: "default", version: "1", reason: "fewer alerts about small suppliers" },
  },
  [ops("RuleService", "RetireRuleSet")]: {
    request: { setId: "emea", activationNumber: "1", reason: "the region has the common rules again" },
  },
  [ops("RuleService", "ListRuleActivations")]: { request: { setId: "default" } },
  [ops("SessionService", "EndSessions")]: { request: { subject: "jane@example.org", reason: "left the company" } },
  [ops("SupplierMergeService", "GetSupplierIdentity")]: { request: { supplierId: "S_00001" } },
  [ops("SupplierMergeService", "ListDuplicates")]: { request: { pageSize: 20 } },
  [ops("SupplierMergeService", "DismissDuplicate")]: {
    request: {
      ...{ firstId: "S_00001", secondId: "S_00077", firstVersion: "0".repeat(32), secondVersion: "1".repeat(32) },
      reason: "two branches with contracts of their own",
    },
  },
  [ops("SupplierMergeService", "MergeSuppliers")]: {
    request: {
      ...{ survivorId: "S_00001", mergedId: "S_00077" },
      ...{ survivorVersion: "0".repeat(32), mergedVersion: "1".repeat(32), reason: "renamed in May" },
    },
  },
  [ops("SupplierMergeService", "UndoMerge")]: {
    request: { mergeId: "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e63", reason: "another company of that name" },
  },
  [ops("SupplierService", "ListSuppliers")]: { request: { pageSize: 50, ...MODEL } },
  [ops("SupplierService", "ExplainScore")]: { request: SUPPLIER },
  [ops("SupplierService", "FindCounterfactuals")]: { request: SUPPLIER },
  [ops("SupplierService", "ImportSuppliers")]: {
    request: {
      requestId: "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e5f",
      rows: [{ supplierId: "S_00001", name: "Aldermoor Castings", region: "Europe" }],
      onConflict: "ON_CONFLICT_UPDATE",
    },
  },
  "/bellwether.registry.v1.ModelPublishingService/SetAlias": {
    request: { ...MODEL, alias: "champion", version: "v1", reason: "better on the recent months" },
  },
  [schedule("TriggerRun")]: { request: WEEKLY },
  [schedule("PauseSchedule")]: { request: WEEKLY },
  [schedule("ResumeSchedule")]: { request: WEEKLY },
  [schedule("WatchProgress")]: { request: { jobId: "weekly-2026-W47" } },
});
