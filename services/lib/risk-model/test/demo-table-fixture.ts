import type { FeatureSpec, ModelSpec } from "@bellwether/config/model-spec";
import type { Demo } from "@bellwether/demo-data/demo-tables";
import type { FeatureTable } from "../src/tables/feature-table.ts";

/** The demo as the mapping under config/ would map it, for tests: numbers, one category, text and label. */

const SUPPLIER_NUMBERS = [
  ...(["annual_revenue", "avg_payment_delay_days", "contract_value", "past_disputes", "delivery_score"] as const),
  ...(["financial_stability_index", "relationship_years"] as const),
];
const ACTIVITY_NUMBERS = ["txn_count", "avg_delay", "late_ratio", "dispute_rate", "avg_delivery_quality"] as const;

const feature = (name: string, kind: FeatureSpec["kind"]): FeatureSpec => ({
  name,
  kind,
  unit: "",
  range: kind === "numeric" ? [0, 1e9] : null,
  missing: "keep",
  direction: "unknown",
  monotone: false,
  immutable: false,
});

/** Spec of a model of that table. */
export const DEMO_TABLE_SPEC: ModelSpec = {
  name: "demo",
  features: [
    ...[...SUPPLIER_NUMBERS, ...ACTIVITY_NUMBERS, "clause_risk_score"].map((name) => feature(name, "numeric")),
    feature("region", "category"),
  ],
  text: { name: "contract_text", maxTerms: 50, stopWords: "english" },
  target: { name: "high_risk", riskClass: "high", otherClass: "not_high" },
  bands: { high: 0.7, medium: 0.4 },
  minimumPresent: 0.5,
  trainer: {
    kind: "gradient_boosting",
    trees: 60,
    maxDepth: 4,
    learningRate: 0.1,
    l2: 1,
    minChildWeight: 5,
    subsample: 0.8,
    columnSample: 0.8,
    classWeight: "none",
    earlyStopping: null,
  },
  split: { by: "supplier", testShare: 0.25, testFrom: null, gapDays: 0, horizonDays: 0, calibrationShare: 0.2 },
  seed: 42,
};

/** Returns the demo data in columns, one row per supplier. */
export function demoTable(demo: Demo): FeatureTable {
  const { suppliers, activity, contracts } = demo;
  return {
    rows: suppliers.length,
    supplierIds: suppliers.map((s) => s.supplier_id),
    asOfDays: null,
    numbers: new Map([
      ...SUPPLIER_NUMBERS.map((name) => [name, Float64Array.from(suppliers, (s) => s[name])] as const),
      ...ACTIVITY_NUMBERS.map(
        (name) =>
          [name, Float64Array.from(suppliers, (s) => activity.get(s.supplier_id)?.[name] ?? Number.NaN)] as const,
      ),
      ["clause_risk_score", Float64Array.from(contracts, (c) => c.clause_risk_score)] as const,
    ]),
    categories: new Map([["region", suppliers.map((s) => s.region)]]),
    texts: contracts.map((c) => c.contract_text),
    labels: Uint8Array.from(suppliers, (s) => s.high_risk),
  };
}
