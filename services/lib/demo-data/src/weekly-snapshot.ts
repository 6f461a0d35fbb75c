import { createRandom } from "@bellwether/risk-model/random";
import type { Demo } from "./demo-tables.ts";
import { clip, round } from "./draw.ts";

/** Columns of the weekly file: identity and attributes, the 16 numeric features in the model's order, the text, the week. */
export type WeeklyRow = Readonly<Record<string, string | number>>;

/**
 * Returns the same suppliers some time later: `late_ratio` ± 0.05, `dispute_rate` ± 0.03, `avg_delay` ± 2
 * days, limited to their ranges.
 * @param snapshotWeek ISO week such as "2026-W47"; each week drifts differently.
 * @param valuesOf ISO week whose values the rows have
 */
export function weeklySnapshot(demo: Demo, seed: number, snapshotWeek: string, valuesOf = snapshotWeek): WeeklyRow[] {
  const random = createRandom(seed, `demo week ${valuesOf}`);
  const shift = (by: number): number => by * (2 * random.uniform() - 1);
  const contracts = new Map(demo.contracts.map((c) => [c.supplier_id, c]));
  return demo.suppliers.map((s) => {
    const activity = demo.activity.get(s.supplier_id);
    const contract = contracts.get(s.supplier_id);
    if (activity === undefined || contract === undefined)
      throw new Error(`demo supplier ${s.supplier_id} is incomplete`);
    return {
      supplier_id: s.supplier_id,
      company_name: s.company_name,
      region: s.region,
      industry: s.industry,
      contract_criticality: s.contract_criticality,
      annual_revenue: s.annual_revenue,
      annual_spend: s.annual_spend,
      avg_payment_delay_days: s.avg_payment_delay_days,
      contract_value: s.contract_value,
      contract_duration_months: s.contract_duration_months,
      past_disputes: s.past_disputes,
      delivery_score: s.delivery_score,
      financial_stability_index: s.financial_stability_index,
      relationship_years: s.relationship_years,
      txn_count: activity.txn_count,
      avg_txn_amount: round(activity.avg_txn_amount, 2),
      avg_delay: round(clip(activity.avg_delay + shift(2), 0, 90), 2),
      late_ratio: round(clip(activity.late_ratio + shift(0.05), 0, 1), 4),
      dispute_rate: round(clip(activity.dispute_rate + shift(0.03), 0, 1), 4),
      avg_delivery_quality: round(activity.avg_delivery_quality, 2),
      clause_risk_score: contract.clause_risk_score,
      contract_text: contract.contract_text,
      snapshot_week: snapshotWeek,
    };
  });
}
