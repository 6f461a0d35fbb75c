import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { isoWeekEnd } from "@bellwether/contract/iso-week";
import { parseTable } from "@bellwether/risk-model/tables/value-table";

/** A delivery of a vendor, as the feature mapping reads it. Days since 1970-01-01. */
export interface Delivery {
  readonly vendor: string;
  readonly scheduledDay: number;
  readonly deliveredDay: number;
}

/** What happened to a vendor in the 90 days after a week. */
export interface VendorLabel {
  readonly vendor: string;
  readonly isoWeek: string;
  /** Whether more than a tenth of the lines came late. */
  readonly isLate: boolean;
  /** Day from which the label is known: the day after the window, and every line of the window is delivered. */
  readonly knownDay: number;
}

export const DAY_MS = 86_400_000;
/** Length of the label's window, as in config/examples/scms/feature_mapping.yaml. */
export const HORIZON_DAYS = 90;
const MIN_LINES = 3;
const LATE_SHARE = 0.1;
const WAREHOUSE = "SCMS from RDC";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Returns the day of "02-Jun-06"; null for another text, for example "Date Not Captured". */
function dayOf(text: string): number | null {
  const [, day = "", month = "", year = ""] = /^(\d{1,2})-([A-Z][a-z]{2})-(\d{2})$/.exec(text.trim()) ?? [];
  const index = MONTHS.indexOf(month);
  return index < 0 ? null : Date.UTC(2000 + Number(year), index, Number(day)) / DAY_MS;
}

/** Reads the deliveries of the file, without those of the programme's own warehouse. */
export async function readDeliveries(file: string): Promise<readonly Delivery[]> {
  const { header, records } = parseTable(await promisify(gunzip)(await readFile(file)), false);
  const at = (name: string): number => header.indexOf(name);
  const [vendorAt, scheduledAt, deliveredAt] = [
    ...[at("Vendor"), at("Scheduled Delivery Date"), at("Delivered to Client Date")],
  ] as const;
  return records.flatMap((record) => {
    const text = (column: number | undefined): string => String(record[column ?? -1] ?? "").trim();
    const vendor = text(vendorAt);
    const [scheduledDay, deliveredDay] = [dayOf(text(scheduledAt)), dayOf(text(deliveredAt))];
    if (vendor === WAREHOUSE || scheduledDay === null || deliveredDay === null) return [];
    return [{ vendor, scheduledDay, deliveredDay }];
  });
}

/** Returns the labels of vendors for a week, by the rule of config/examples/scms/feature_mapping.yaml. */
export function labelsOfWeek(deliveries: readonly Delivery[], isoWeek: string): VendorLabel[] {
  const from = Date.parse(isoWeekEnd(isoWeek)) / DAY_MS;
  const until = from + HORIZON_DAYS;
  const ahead = deliveries.filter(({ scheduledDay }) => scheduledDay >= from && scheduledDay < until);
  const labels: VendorLabel[] = [];
  for (const [vendor, lines] of Map.groupBy(ahead, (one) => one.vendor)) {
    if (lines.length < MIN_LINES) continue;
    const late = lines.filter((line) => line.deliveredDay > line.scheduledDay).length;
    const lastDay = lines.reduce((last, line) => Math.max(last, line.deliveredDay), 0);
    labels.push({ vendor, isoWeek, isLate: late / lines.length > LATE_SHARE, knownDay: Math.max(until + 1, lastDay) });
  }
  return labels;
}
