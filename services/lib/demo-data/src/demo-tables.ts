/** A synthetic supplier; units as in config/model_config.yaml. */
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

/** One delivery with its payment. It is on time when it is fewer than ten days late. */
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

/** One contract and the risk of its clauses, 5 to 95. */
export interface DemoContract {
  readonly supplier_id: string;
  readonly contract_text: string;
  readonly clause_risk_score: number;
}

/**
 * Totals of a supplier's transactions. A supplier without transactions gets the values of its own delay and
 * delivery score.
 */
export interface DemoActivity {
  readonly txn_count: number;
  readonly avg_txn_amount: number;
  readonly avg_delay: number;
  readonly late_ratio: number;
  readonly dispute_rate: number;
  readonly avg_delivery_quality: number;
}

/** The demo's tables; the same counts and seed make the same tables. */
export interface Demo {
  readonly suppliers: readonly DemoSupplier[];
  readonly transactions: readonly DemoTransaction[];
  readonly contracts: readonly DemoContract[];
  readonly activity: ReadonlyMap<string, DemoActivity>;
}
