import { createRandom, type Random } from "../random.ts";
import { contractText } from "./contract-text.ts";

/** A made-up supplier; units as in config/model_config.yaml. */
export interface DemoSupplier {
  readonly supplier_id: string;
  readonly company_name: string;
  readonly region: string;
  readonly industry: string;
  readonly annual_revenue: number;
  readonly annual_spend: number;
  readonly avg_payment_delay_days: number;
  readonly contract_value: number;
  readonly contract_duration_months: number;
  readonly past_disputes: number;
  readonly delivery_score: number;
  readonly financial_stability_index: number;
  readonly relationship_years: number;
  readonly contract_criticality: string;
  readonly credit_score: number;
  readonly high_risk: 0 | 1;
}

/** One delivery with its payment. */
export interface DemoTransaction {
  readonly transaction_id: string;
  readonly supplier_id: string;
  readonly transaction_date: string;
  readonly payment_amount: number;
  readonly payment_delay_days: number;
  readonly on_time: 0 | 1;
  readonly delivery_quality_score: number;
  readonly dispute: 0 | 1;
}

/** One contract and what a reader made of its clauses, 5 to 95. */
export interface DemoContract {
  readonly supplier_id: string;
  readonly contract_text: string;
  readonly clause_risk_score: number;
}

/** What a supplier's transactions come to; a supplier without any falls back to its own delay and delivery score. */
export interface DemoActivity {
  readonly txn_count: number;
  readonly avg_txn_amount: number;
  readonly avg_delay: number;
  readonly late_ratio: number;
  readonly dispute_rate: number;
  readonly avg_delivery_quality: number;
}

/** The demo's tables, the same for the same counts and seed. */
export interface Demo {
  readonly suppliers: readonly DemoSupplier[];
  readonly transactions: readonly DemoTransaction[];
  readonly contracts: readonly DemoContract[];
  readonly activity: ReadonlyMap<string, DemoActivity>;
}

const REGIONS = ["North America", "Europe", "Asia-Pacific", "LATAM"];
const INDUSTRIES = ["Manufacturing", "Logistics", "IT Services", "Facilities", "Biotech"];
const NAME_STARTS = ["Alder", "Birch", "Cedar", "Delta", "Elm", "Falcon", "Granite", "Harbor", "Iron", "Juniper"];
const NAME_ENDS = ["Works", "Supply", "Logistics", "Systems", "Partners", "Industries"];
/** First day of the demo's year of transactions. */
const FIRST_DAY = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

const clip = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));
const round = (x: number, digits: number): number => Number(x.toFixed(digits));
const pick = <T>(list: readonly T[], random: Random): T => list[random.below(list.length)] as T;
/** Draws in [0, 1) that lean towards `stress`: part trouble that a supplier has everywhere, part chance. */
const leaning = (stress: number, random: Random): number => 0.5 * stress + 0.5 * random.uniform() ** 2.5;

interface Draft {
  readonly stress: number;
  readonly supplier: Omit<DemoSupplier, "high_risk">;
}

function draftSupplier(index: number, random: Random): Draft {
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

function drawTransaction(index: number, of: Draft, random: Random): DemoTransaction {
  const delay = round(90 * clip(leaning(of.stress, random) ** 1.5, 0, 1), 1);
  return {
    transaction_id: `T_${String(index + 1).padStart(6, "0")}`,
    supplier_id: of.supplier.supplier_id,
    transaction_date: new Date(FIRST_DAY + random.below(365) * DAY_MS).toISOString().slice(0, 10),
    payment_amount: round(1_000 + 49_000 * random.uniform() ** 2, 2),
    payment_delay_days: delay,
    on_time: delay < 10 ? 1 : 0,
    delivery_quality_score: round(100 - 50 * leaning(of.stress, random), 1),
    dispute: random.uniform() < 0.04 + 0.3 * of.stress ? 1 : 0,
  };
}

/** Share of late payments that a supplier without transactions is credited with: days beyond ten, of the possible eighty. */
const lateFromDelay = (delayDays: number): number => clip((delayDays - 10) / 80, 0, 1);

function summarise(supplier: Draft["supplier"], of: readonly DemoTransaction[]): DemoActivity {
  const n = of.length;
  if (n === 0) {
    const delay = supplier.avg_payment_delay_days;
    return {
      txn_count: 0,
      avg_txn_amount: 0,
      avg_delay: delay,
      late_ratio: lateFromDelay(delay),
      dispute_rate: 0,
      avg_delivery_quality: supplier.delivery_score,
    };
  }
  const mean = (value: (t: DemoTransaction) => number): number => of.reduce((sum, t) => sum + value(t), 0) / n;
  return {
    txn_count: n,
    avg_txn_amount: mean((t) => t.payment_amount),
    avg_delay: mean((t) => t.payment_delay_days),
    late_ratio: mean((t) => 1 - t.on_time),
    dispute_rate: mean((t) => t.dispute),
    avg_delivery_quality: mean((t) => t.delivery_quality_score),
  };
}

/** Exponent that makes trouble rare: chosen so that 8–12 % of suppliers come out high. */
const STRESS_SKEW = 2.2;
/** Standard deviation of what the points do not know. */
const POINT_NOISE = 1.7;
/** Points from which a supplier is high. */
const HIGH_POINTS = 5;

function riskPoints(supplier: Draft["supplier"], activity: DemoActivity, clauseRisk: number): number {
  return (
    (activity.avg_delay > 45 ? 2 : 0) +
    (supplier.past_disputes > 5 ? 2 : 0) +
    (supplier.financial_stability_index < 0.5 ? 2 : 0) +
    (activity.late_ratio > 0.3 ? 1 : 0) +
    (activity.dispute_rate > 0.2 ? 1 : 0) +
    (clauseRisk > 60 ? 1 : 0) +
    (activity.avg_delivery_quality < 70 ? 1 : 0)
  );
}

/**
 * Makes suppliers, their transactions and contracts. The label `high_risk` follows points over what the tables hold, plus noise, so that
 * no model can learn it perfectly.
 * @param counts 1 to 1,000,000 suppliers, 0 to 10,000,000 transactions.
 */
export function generateDemo(counts: { suppliers: number; transactions: number }, seed: number): Demo {
  const supplierRandom = createRandom(seed, "demo suppliers");
  const transactionRandom = createRandom(seed, "demo transactions");
  const contractRandom = createRandom(seed, "demo contracts");
  const noise = createRandom(seed, "demo label noise");
  const drafts = Array.from({ length: counts.suppliers }, (_, i) => draftSupplier(i, supplierRandom));
  const transactions = Array.from({ length: counts.transactions }, (_, i) =>
    drawTransaction(i, pick(drafts, transactionRandom), transactionRandom),
  );
  const bySupplier = Map.groupBy(transactions, (t) => t.supplier_id);
  const suppliers: DemoSupplier[] = [];
  const contracts: DemoContract[] = [];
  const activity = new Map<string, DemoActivity>();
  for (const { stress, supplier } of drafts) {
    const id = supplier.supplier_id;
    const contract = contractText(stress, contractRandom);
    const summary = summarise(supplier, bySupplier.get(id) ?? []);
    const points = riskPoints(supplier, summary, contract.clauseRisk) + POINT_NOISE * noise.normal();
    suppliers.push({ ...supplier, high_risk: points >= HIGH_POINTS ? 1 : 0 });
    contracts.push({ supplier_id: id, contract_text: contract.text, clause_risk_score: contract.clauseRisk });
    activity.set(id, summary);
  }
  return { suppliers, transactions, contracts, activity };
}
