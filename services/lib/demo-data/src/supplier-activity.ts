import type { DemoActivity, DemoSupplier, DemoTransaction } from "./demo-tables.ts";
import { clip } from "./draw.ts";

/**
 * Returns the assumed share of late payments of a supplier without transactions: its days of delay beyond
 * ten, divided by the possible eighty.
 */
const lateFromDelay = (delayDays: number): number => clip((delayDays - 10) / 80, 0, 1);

/** Returns the totals of the transactions, computed as in the demo's feature mapping. */
export function summariseActivity(
  supplier: Pick<DemoSupplier, "avg_payment_delay_days" | "delivery_score">,
  of: readonly DemoTransaction[],
): DemoActivity {
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
