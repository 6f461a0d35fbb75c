import { expect, test } from "vitest";
import { toCsv } from "./csv.ts";
import { demoFiles } from "./demo-files.ts";
import { generateDemo } from "./generate-demo.ts";
import { riskPoints } from "./risk-points.ts";
import { weeklySnapshot } from "./weekly-snapshot.ts";

const highShare = (suppliers: number, transactions: number, seed: number): number =>
  generateDemo({ suppliers, transactions }, seed).suppliers.reduce((sum, s) => sum + s.high_risk, 0) / suppliers;

test("8 to 12 % of the suppliers are labelled high risk", () => {
  expect(highShare(10_500, 5_000, 42)).toBeGreaterThan(0.08);
  expect(highShare(10_500, 5_000, 42)).toBeLessThan(0.12);
  expect(highShare(300, 600, 123)).toBeGreaterThanOrEqual(0.08);
  expect(highShare(300, 600, 123)).toBeLessThanOrEqual(0.12);
});

test("the same seed makes the same tables, another seed makes others", () => {
  const make = (seed: number) => generateDemo({ suppliers: 50, transactions: 80 }, seed);
  expect(make(1)).toEqual(make(1));
  expect(make(1).suppliers).not.toEqual(make(2).suppliers);
});

test("a weekly file holds every supplier once, with values within the drift", () => {
  const demo = generateDemo({ suppliers: 200, transactions: 300 }, 5);
  const rows = weeklySnapshot(demo, 5, "2026-W47");
  expect(new Set(rows.map((r) => r.supplier_id)).size).toBe(200);
  for (const row of rows) {
    const before = demo.activity.get(String(row.supplier_id));
    expect(Math.abs(Number(row.late_ratio) - (before?.late_ratio ?? Number.NaN))).toBeLessThanOrEqual(0.0501);
    expect(Math.abs(Number(row.avg_delay) - (before?.avg_delay ?? Number.NaN))).toBeLessThanOrEqual(2.01);
  }
  expect(weeklySnapshot(demo, 5, "2026-W48")).not.toEqual(rows);
});

test("CSV quotes commas, quotes and line ends", () => {
  expect(toCsv([{ a: 'x,"y"', b: "1\n2" }])).toBe('a,b\n"x,""y""","1\n2"\n');
});

test("every file has its header, even without transactions", () => {
  const header = (files: Readonly<Record<string, string>>, name: string) => files[name]?.split("\n")[0];
  const files = demoFiles(generateDemo({ suppliers: 3, transactions: 0 }, 1), 1, "2026-W47");
  const some = demoFiles(generateDemo({ suppliers: 3, transactions: 9 }, 1), 1, "2026-W47");
  for (const name of ["suppliers.csv", "transactions.csv", "contracts.csv", "new_data_weekly.csv"])
    expect(header(files, name)).toBe(header(some, name));
  expect(files["transactions.csv"]).toBe(
    "transaction_id,supplier_id,transaction_date,payment_amount,payment_delay_days,on_time,delivery_quality_score,dispute\n",
  );
  expect(header(files, "new_data_weekly.csv")?.split(",").slice(5, -2)).toEqual([
    ...["annual_revenue", "annual_spend", "avg_payment_delay_days", "contract_value", "contract_duration_months"],
    ...["past_disputes", "delivery_score", "financial_stability_index", "relationship_years", "txn_count"],
    ...["avg_txn_amount", "avg_delay", "late_ratio", "dispute_rate", "avg_delivery_quality", "clause_risk_score"],
  ]);
});

test("more points make more suppliers high risk, and no number of points makes the label certain", () => {
  const demo = generateDemo({ suppliers: 10_500, transactions: 5_000 }, 42);
  const high = new Map<number, number[]>();
  for (const [i, supplier] of demo.suppliers.entries()) {
    const activity = demo.activity.get(supplier.supplier_id);
    if (activity === undefined) throw new Error(supplier.supplier_id);
    const points = Math.min(6, riskPoints(supplier, activity, demo.contracts[i]?.clause_risk_score ?? 0));
    high.set(points, [...(high.get(points) ?? []), supplier.high_risk]);
  }
  const rates = [0, 2, 4, 6].map((points) => {
    const labels = high.get(points) ?? [];
    return labels.reduce((sum, label) => sum + label, 0) / labels.length;
  });
  expect(rates).toEqual(rates.toSorted((a, b) => a - b));
  expect(rates[3]).toBeLessThan(0.95);
});

test("rejects counts outside the limits", () => {
  expect(() => generateDemo({ suppliers: 0, transactions: 5 }, 1)).toThrow(RangeError);
  expect(() => generateDemo({ suppliers: 5, transactions: -1 }, 1)).toThrow("transactions is -1");
  expect(() => generateDemo({ suppliers: 1.5, transactions: 0 }, 1)).toThrow(RangeError);
});
