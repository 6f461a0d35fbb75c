import type { WeeklyReport } from "../src/weekly-report.ts";

/** A report with every section. */
export function sampleReport(fields: Partial<WeeklyReport> = {}): WeeklyReport {
  const digest = (of: string): string => of.repeat(64);
  return {
    ...{ report_version: 2, iso_week: "2026-W47", run_id: 12, revision: 1, as_of: "2026-11-22" },
    ...{ previous_week: "2026-W46", started_at: "2026-11-23T06:00:00.000Z", completed_at: "2026-11-23T06:02:30.000Z" },
    model: {
      ...{ name: "supplier-risk", version: "v3", model_digest: digest("a"), bundle_digest: digest("b") },
      ...{ config_hash: digest("c"), runtime: "onnxruntime 1.30", kernel: "shap 1" },
    },
    configuration: {
      ...{ config_hash: digest("c"), policy_hash: digest("d"), source_digest: digest("e"), input_digest: digest("f") },
    },
    counts: { read: 12_345, scored: 12_300, rejected: 40, repeated: 5 },
    sources: [{ source: "weekly", file: "week.csv", rows: 12_300, rejected: 45, sha256: digest("e") }],
    checks: [
      {
        ...{ kind: "unit", outcome: "failed", column: "spend", value: 100, limit: 20 },
        detail: "the median is 100000, 100 times the 1000 of 2026-W46",
      },
      { kind: "rows", outcome: "passed", column: "", value: 1.02, limit: 2, detail: "12345 rows, 102 % of 12100" },
    ],
    approved: { reason: "spend is in cents now", actor: "jane", decided_at: "2026-11-23T06:01:00.000Z" },
    overtaken_by: null,
    bands: [
      { band: "high", suppliers: 300, previous_suppliers: 280 },
      { band: "low", suppliers: 12_000, previous_suppliers: 11_900 },
    ],
    money_at_risk: {
      ...{ currency: "EUR", amount: 1_234_567.4, previous_amount: 1_200_000, suppliers_without_exposure: 12 },
    },
    regions: {
      count: 2,
      entries: [
        { name: "Europe", suppliers: 9_000, high: 200, exposure: 5e6, money_at_risk: 1e6 },
        { name: "", suppliers: 3_300, high: 100, exposure: 1e6, money_at_risk: 234_567.4 },
      ],
      rest: null,
    },
    categories: {
      count: 60,
      entries: [{ name: "IT", suppliers: 1, high: 0, exposure: 0, money_at_risk: 0 }],
      rest: { name: "", suppliers: 12_299, high: 300, exposure: 6e6, money_at_risk: 1_234_567.4 },
    },
    risers: [
      { supplier_id: "S_1", name: "Corvina", risk_score: 0.91, change: 0.4, band: "high", money_at_risk: 90_000 },
    ],
    fallers: [{ supplier_id: "S_2", name: "", risk_score: 0.1, change: -0.4, band: "low", money_at_risk: null }],
    alerts: {
      raised: {
        count: 1,
        entries: [
          {
            ...{ alert_id: "0193-1", supplier_id: "S_1", supplier_name: "Corvina", rule: "score_high" },
            ...{ severity: "critical", why: "score 0.91, at or above the critical limit 0.7" },
          },
        ],
      },
      cleared: { count: 0, entries: [] },
      ...{ worse: 2, better: 1, active_before: 124, active: 125 },
    },
    rejected: {
      reasons: {
        count: 1,
        entries: [{ stage: "reading", source: "weekly", column: "spend", reason: "not a number", rows: 40 }],
      },
      samples: [
        {
          ...{ source: "weekly", file: "week.csv", line: 17, column: "spend", text: "n/k" },
          reason: "not a number; set null_values: ['n/k'] if it means not known",
        },
      ],
    },
    drift: {
      count: 2,
      entries: [
        {
          ...{ feature: "spend", unit: "EUR", psi: 0.31 },
          comparisons: [
            {
              ...{
                reference: "2026-W46",
                aspect: "values",
                outcome: "alarm",
                effect: 0.4,
                effect_unit: "sigma",
                p_value: 0.001,
              },
              text: "spend rose by 0.40 σ since 2026-W46 (alarm)",
              bins: [
                { label: "up to 100", reference: 0.5, present: 0.25 },
                { label: "above 100", reference: 0.5, present: 0.75 },
              ],
            },
          ],
        },
        { feature: "region", unit: "", psi: 0.01, comparisons: [] },
      ],
    },
    ...fields,
  };
}
