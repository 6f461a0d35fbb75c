import { createRandom } from "@bellwether/risk-model/random";
import type { Demo } from "./demo-tables.ts";
import { clip, round } from "./draw.ts";
import { HIGH_POINTS, POINT_NOISE, riskPoints } from "./risk-points.ts";
import { type WeeklyRow, weeklySnapshot } from "./weekly-snapshot.ts";

/** The weekly file of a week, and at which suppliers the risk occurs in the days after it. */
export interface PlantedWeek {
  readonly rows: readonly WeeklyRow[];
  readonly failing: ReadonlySet<string>;
}

/** The planted change of the values: a port is blocked, and payments and deliveries of all suppliers are later. */
const DELAY_DAYS = 14;
const LATE_SHARE = 0.12;
/** Limits and points of the planted change of the risk: small suppliers with hard contracts fail, and delays say little. */
const SMALL_REVENUE = 900_000;
const HARD_CLAUSES = 45;
const UNSTABLE = 0.55;
const CHANGED_NOISE = 1;
/** With this limit, about as many suppliers fail after the change as before it. */
const CHANGED_POINTS = 4.5;

/**
 * Returns a week of a demo in which both the values and what causes the risk change at a known week. A model that was trained before the
 * change has drift alarms and ranks worse after it, and a model that is trained on the weeks since then does not. The same demo, seed and
 * week make the same rows.
 * @param isChanged whether the week is after the change
 */
export function plantedWeek(demo: Demo, seed: number, week: string, isChanged: boolean): PlantedWeek {
  const random = createRandom(seed, `demo outcomes ${week}`);
  const clauses = new Map(demo.contracts.map((contract) => [contract.supplier_id, contract.clause_risk_score]));
  const failing = new Set<string>();
  for (const supplier of demo.suppliers) {
    const id = supplier.supplier_id;
    const activity = demo.activity.get(id);
    const clauseRisk = clauses.get(id);
    if (activity === undefined || clauseRisk === undefined) throw new Error(`demo supplier ${id} is incomplete`);
    const noise = random.normal();
    const before = riskPoints(supplier, activity, clauseRisk) + POINT_NOISE * noise >= HIGH_POINTS;
    const points =
      (supplier.annual_revenue < SMALL_REVENUE ? 2 : 0) +
      (clauseRisk > HARD_CLAUSES ? 2 : 0) +
      (supplier.financial_stability_index < UNSTABLE ? 1 : 0);
    if (isChanged ? points + CHANGED_NOISE * noise >= CHANGED_POINTS : before) failing.add(id);
  }
  const rows = weeklySnapshot(demo, seed, week);
  return { rows: isChanged ? rows.map(withDelays) : rows, failing };
}

const withDelays = (row: WeeklyRow): WeeklyRow => ({
  ...row,
  avg_payment_delay_days: round(Number(row.avg_payment_delay_days) + DELAY_DAYS, 1),
  avg_delay: round(clip(Number(row.avg_delay) + DELAY_DAYS, 0, 120), 2),
  late_ratio: round(clip(Number(row.late_ratio) + LATE_SHARE, 0, 1), 4),
});
