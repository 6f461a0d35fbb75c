import type { Random } from "@bellwether/risk-model/random";
import type { DemoSupplier } from "./demo-tables.ts";
import { clip, leaning, round } from "./draw.ts";

const REGIONS = ["North America", "Europe", "Asia-Pacific", "LATAM"] as const;
const INDUSTRIES = ["Manufacturing", "Logistics", "IT Services", "Facilities", "Biotech"] as const;
const NAME_STARTS = [
  "Alder",
  "Birch",
  "Cedar",
  "Delta",
  "Elm",
  "Falcon",
  "Granite",
  "Harbor",
  "Iron",
  "Juniper",
] as const;
const NAME_ENDS = ["Works", "Supply", "Logistics", "Systems", "Partners", "Industries"] as const;

/** Exponent that makes high stress rare: with `POINT_NOISE` it makes 8–12 % of the suppliers high risk. */
const STRESS_SKEW = 3;

/** A supplier before its label, and its stress in [0, 1). */
export interface DraftSupplier {
  readonly stress: number;
  readonly supplier: Omit<DemoSupplier, "high_risk">;
}

const pick = (list: readonly string[], random: Random): string => list[random.below(list.length)] ?? "";

/** Draws supplier `index`; its values in the table tend to follow its stress. */
export function drawSupplier(index: number, random: Random): DraftSupplier {
  const stress = random.uniform() ** STRESS_SKEW;
  const revenue = 50_000 + 4_950_000 * random.uniform() ** 2;
  const stability = clip(1 - 0.8 * leaning(stress, random), 0.2, 1);
  const criticality = random.uniform();
  const number = String(index + 1).padStart(5, "0");
  return {
    stress,
    supplier: {
      supplier_id: `S_${number}`,
      company_name: `${pick(NAME_STARTS, random)} ${pick(NAME_ENDS, random)} ${number}`,
      region: pick(REGIONS, random),
      industry: pick(INDUSTRIES, random),
      annual_revenue: round(revenue, 2),
      annual_spend: round(revenue * (0.4 + 0.5 * random.uniform()), 2),
      avg_payment_delay_days: round(90 * leaning(stress, random), 1),
      contract_value: round(10_000 + 1_990_000 * random.uniform() ** 2, 2),
      contract_duration_months: 6 + random.below(55),
      past_disputes: Math.min(12, Math.floor(13 * leaning(stress, random))),
      delivery_score: round(100 - 50 * leaning(stress, random), 1),
      financial_stability_index: round(stability, 3),
      relationship_years: round(10 * random.uniform(), 1),
      contract_criticality: criticality < 0.3 ? "High" : criticality < 0.8 ? "Medium" : "Low",
      credit_score: Math.round(500 + 350 * stability),
    },
  };
}
