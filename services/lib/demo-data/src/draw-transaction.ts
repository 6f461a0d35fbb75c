import type { Random } from "@bellwether/risk-model/random";
import type { DemoTransaction } from "./demo-tables.ts";
import { clip, leaning, round } from "./draw.ts";
import type { DraftSupplier } from "./draw-supplier.ts";

/** First day of the demo's year of transactions. */
const FIRST_DAY = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
/** A payment with at least this many days of delay is late. */
const LATE_DAYS = 10;

/** Draws transaction `index` of a supplier. */
export function drawTransaction(index: number, of: DraftSupplier, random: Random): DemoTransaction {
  const delay = round(90 * clip(leaning(of.stress, random) ** 1.5, 0, 1), 1);
  return {
    transaction_id: `T_${String(index + 1).padStart(6, "0")}`,
    supplier_id: of.supplier.supplier_id,
    transaction_date: new Date(FIRST_DAY + random.below(365) * DAY_MS).toISOString().slice(0, 10),
    payment_amount: round(1_000 + 49_000 * random.uniform() ** 2, 2),
    payment_delay_days: delay,
    on_time: delay < LATE_DAYS ? 1 : 0,
    delivery_quality_score: round(100 - 50 * leaning(of.stress, random), 1),
    dispute: random.uniform() < 0.04 + 0.3 * of.stress ? 1 : 0,
  };
}
