import { createRandom } from "@bellwether/risk-model/random";
import { contractText } from "./contract-text.ts";
import type { Demo, DemoActivity, DemoContract, DemoSupplier } from "./demo-tables.ts";
import { type DraftSupplier, drawSupplier } from "./draw-supplier.ts";
import { drawTransaction } from "./draw-transaction.ts";
import { HIGH_POINTS, POINT_NOISE, riskPoints } from "./risk-points.ts";
import { summariseActivity } from "./supplier-activity.ts";

function assertCount(name: string, count: number, least: number, most: number): void {
  if (!Number.isInteger(count) || count < least || count > most) {
    throw new RangeError(`${name} is ${count}; a whole number from ${least} to ${most} is possible`);
  }
}

/**
 * Generates suppliers, their transactions and contracts. The label `high_risk` depends on risk points of the
 * tables' values, plus noise, so that no model can learn it perfectly. The same counts and seed make the same
 * tables.
 * @param counts 1 to 1,000,000 suppliers, 0 to 2,000,000 transactions. The largest counts and their files take under 4 GB of memory.
 * @throws RangeError for other counts.
 */
export function generateDemo(counts: { suppliers: number; transactions: number }, seed: number): Demo {
  assertCount("suppliers", counts.suppliers, 1, 1_000_000);
  assertCount("transactions", counts.transactions, 0, 2_000_000);
  const supplierRandom = createRandom(seed, "demo suppliers");
  const transactionRandom = createRandom(seed, "demo transactions");
  const contractRandom = createRandom(seed, "demo contracts");
  const noise = createRandom(seed, "demo label noise");
  const drafts = Array.from({ length: counts.suppliers }, (_, i) => drawSupplier(i, supplierRandom));
  const transactions = Array.from({ length: counts.transactions }, (_, i) => {
    const draft = drafts[transactionRandom.below(drafts.length)] as DraftSupplier;
    return drawTransaction(i, draft, transactionRandom);
  });
  const bySupplier = Map.groupBy(transactions, (t) => t.supplier_id);
  const suppliers: DemoSupplier[] = [];
  const contracts: DemoContract[] = [];
  const activity = new Map<string, DemoActivity>();
  for (const { stress, supplier } of drafts) {
    const id = supplier.supplier_id;
    const contract = contractText(stress, contractRandom);
    const summary = summariseActivity(supplier, bySupplier.get(id) ?? []);
    const points = riskPoints(supplier, summary, contract.clauseRisk) + POINT_NOISE * noise.normal();
    suppliers.push({ ...supplier, high_risk: points >= HIGH_POINTS ? 1 : 0 });
    contracts.push({ supplier_id: id, contract_text: contract.text, clause_risk_score: contract.clauseRisk });
    activity.set(id, summary);
  }
  return { suppliers, transactions, contracts, activity };
}
