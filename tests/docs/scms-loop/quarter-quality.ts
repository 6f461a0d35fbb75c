import { isoWeekEnd } from "@bellwether/contract/iso-week";
import { type Estimate, NO_ESTIMATE } from "@bellwether/drift/quality/estimate";
import { measureQuality } from "@bellwether/drift/quality/measure-quality";
import { DAY_MS, type VendorLabel } from "./deliveries.ts";

/** A vendor in a month, with its label and the scores of each way to decide. */
export interface LabelledVendor {
  readonly isoWeek: string;
  readonly vendor: string;
  readonly label: VendorLabel;
  /** Score by way, for example "loop". NaN: the way has none in this month. */
  readonly scores: Readonly<Record<string, number>>;
}

/** Quality of one way in one quarter. */
export interface QuarterQuality {
  /** For example "2009 Q1". */
  readonly quarter: string;
  readonly rows: number;
  readonly late: number;
  readonly ways: Readonly<Record<string, { readonly auc: Estimate; readonly brier: Estimate }>>;
}

/** The way that needs no model: vendors in the order of their last known outcome, with the base rate as the score. */
export const TRIVIAL = "trivial";

const NOT_MEASURED = { auc: NO_ESTIMATE, brier: NO_ESTIMATE };

/** Returns the quarter of the Sunday of a week. */
export function quarterOf(isoWeek: string): string {
  const day = new Date(isoWeekEnd(isoWeek));
  return `${day.getUTCFullYear()} Q${Math.floor(day.getUTCMonth() / 3) + 1}`;
}

/** Name of the rows in which every way has a score. */
export const ALL = "all";

/** Measures each way in each quarter, and over the rows in which every way has a score (ALL). */
export function measureQuarters(rows: readonly LabelledVendor[], ways: readonly string[]): QuarterQuality[] {
  const known = rows.map(({ label }) => label);
  const complete = rows.filter(({ scores }) => ways.every((way) => !Number.isNaN(scores[way] ?? Number.NaN)));
  const quarters = Map.groupBy(rows, ({ isoWeek }) => quarterOf(isoWeek));
  return [...quarters, [ALL, complete] as const].map(([quarter, of]) => measureRows(quarter, of, ways, known));
}

/**
 * Measures each way on the same rows. A way without a score in a row is not measured.
 * @param known labels of all months; of them, the trivial way uses those that were known on the day of a row
 */
export function measureRows(
  quarter: string,
  rows: readonly LabelledVendor[],
  ways: readonly string[],
  known: readonly VendorLabel[],
): QuarterQuality {
  const labels = Uint8Array.from(rows, ({ label }) => Number(label.isLate));
  const numbers = new Map([...new Set(rows.map(({ vendor }) => vendor))].map((vendor, i) => [vendor, i]));
  const facts = rows.map((row) => factsBefore(row, known));
  const shared = {
    ...{ labels, weights: new Float64Array(rows.length).fill(1), capacityShares: new Float64Array(rows.length) },
    ...{ clusterOf: Uint32Array.from(rows, ({ vendor }) => numbers.get(vendor) ?? 0), clusters: numbers.size },
    baseRates: Float64Array.from(facts, ({ baseRate }) => baseRate),
    lastLabels: Int8Array.from(facts, ({ last }) => last),
  };
  const measure = (scores: Float64Array) => measureQuality({ ...shared, scores }, 0.5);
  const measured = ways.map((way) => {
    const scores = Float64Array.from(rows, (row) => row.scores[way] ?? Number.NaN);
    return [way, scores.some(Number.isNaN) ? NOT_MEASURED : measure(scores)] as const;
  });
  const { lastLabelAuc, baseRateBrier } = measure(new Float64Array(rows.length)).baseline;
  return {
    ...{ quarter, rows: rows.length, late: labels.reduce((sum, label) => sum + label, 0) },
    ways: {
      ...Object.fromEntries(measured.map(([way, { auc, brier }]) => [way, { auc, brier }])),
      [TRIVIAL]: { auc: lastLabelAuc, brier: baseRateBrier },
    },
  };
}

/** Returns what was known of the past on the day of a row: the share of late labels, and the vendor's last one. */
function factsBefore({ isoWeek, vendor }: LabelledVendor, known: readonly VendorLabel[]) {
  const day = Date.parse(isoWeekEnd(isoWeek)) / DAY_MS;
  const past = known.filter(({ knownDay }) => knownDay <= day);
  const late = past.filter(({ isLate }) => isLate).length;
  const own = past
    .filter((label) => label.vendor === vendor)
    .sort((a, b) => (a.isoWeek < b.isoWeek ? -1 : 1))
    .at(-1);
  return {
    baseRate: past.length === 0 ? Number.NaN : late / past.length,
    last: own === undefined ? -1 : Number(own.isLate),
  };
}
