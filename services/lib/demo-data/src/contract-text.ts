import type { Random } from "@bellwether/risk-model/random";

/** Clauses of a contract. Positive points increase the clause risk, negative points lower it. */
const CLAUSES = [
  { points: 18, text: "A penalty clause applies to every day of delayed delivery." },
  { points: 16, text: "Ambiguous termination terms leave the notice period open." },
  { points: 14, text: "The supplier reports a raw-material shortage and reserves price changes." },
  { points: 8, text: "Liability is limited to the value of one shipment." },
  { points: -6, text: "Payment is due net 30 after receipt of the invoice." },
  { points: -10, text: "Both sides confirm a long-term partnership with quarterly reviews." },
  { points: -4, text: "Service levels are measured monthly and reported in writing." },
] as const;

const OPENING = "This agreement governs the delivery of goods and services by the supplier.";

/**
 * Writes the text of a short contract. With more stress, risky clauses are more likely and harmless clauses
 * less likely.
 * @param stress Financial stress of the supplier, in [0, 1].
 * @returns The text and its clause risk: 30, plus the points of its clauses, plus a little noise, limited to [5, 95].
 */
export function contractText(stress: number, random: Random): { text: string; clauseRisk: number } {
  let risk = 30 + 6 * random.normal();
  const sentences: string[] = [OPENING];
  for (const clause of CLAUSES) {
    const chance = clause.points > 0 ? 0.12 + 0.6 * stress : 0.6 - 0.4 * stress;
    if (random.uniform() >= chance) continue;
    sentences.push(clause.text);
    risk += clause.points;
  }
  return { text: sentences.join(" "), clauseRisk: Number(Math.min(95, Math.max(5, risk)).toFixed(1)) };
}
