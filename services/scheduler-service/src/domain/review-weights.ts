import { isoWeekEnd } from "@bellwether/contract/iso-week";
import { countText } from "@bellwether/reasons/count-text";

/** The review sample of a week: random suppliers without an alert, whom people were asked to check. */
export interface WeekReviews {
  readonly isoWeek: string;
  /** Number of suppliers of which the sample was drawn. 0: none was drawn. */
  readonly frame: number;
  /** Suppliers with an answer. */
  readonly answered: ReadonlySet<string>;
}

/** Labelled rows, and the number of rows of each week with and without a label. */
export interface WeighedRows {
  readonly supplierIds: readonly string[];
  /** The Sunday of each row's week, days since 1970-01-01. */
  readonly asOfDays: Int32Array | null;
  readonly weeks: readonly { readonly week: string; readonly rows: number; readonly labelled: number }[];
}

/** How many suppliers each row represents. */
export interface RowWeights {
  readonly weights: Float64Array;
  /** In words, for example "3 reviews represent 120 suppliers". */
  readonly text: string;
}

/** From this share of the suppliers of a week on, its outcomes are not those of a selection. The same as in docs/performance.md. */
const NEARLY_ALL = 0.9;
const DAY_MS = 86_400_000;

/**
 * Weighs the rows of weeks with an answered review sample: each answer represents (suppliers without an alert) ÷ (answers). An outcome of
 * another source represents its supplier alone. Source: Hájek, 1971, as in docs/performance.md. Null: every row represents only itself.
 */
export function weighReviews(
  { supplierIds, asOfDays, weeks }: WeighedRows,
  reviews: readonly WeekReviews[],
): RowWeights | null {
  const weights = new Float64Array(supplierIds.length).fill(1);
  let [answers, suppliers] = [0, 0];
  for (const { isoWeek, frame, answered } of reviews) {
    const counted = weeks.find(({ week }) => week === isoWeek);
    if (counted === undefined || counted.labelled >= NEARLY_ALL * counted.rows) continue;
    const day = Date.parse(isoWeekEnd(isoWeek)) / DAY_MS;
    const rows = supplierIds.flatMap((id, row) => (asOfDays?.[row] === day && answered.has(id) ? [row] : []));
    if (rows.length === 0 || frame <= rows.length) continue;
    for (const row of rows) weights[row] = frame / rows.length;
    answers += rows.length;
    suppliers += frame;
  }
  if (answers === 0) return null;
  return { weights, text: `${countText(answers, "review")} represent ${countText(suppliers, "supplier")}` };
}
