import type { Writable } from "node:stream";
import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { printableJson } from "../output/printable.ts";
import { writeText } from "../output/whole-file.ts";
import { cellFromText } from "../suppliers/csv-cell.ts";
import { alertJson } from "./alert-json.ts";
import { type AlertPage, MAX_COUNTED } from "./alert-pages.ts";

const COLUMNS = [
  ...["alert_id", "supplier_id", "supplier_name", "severity", "state", "disposition", "risk_score", "score_change"],
  ...["expected_impact", "currency", "owner", "region", "category", "rule_id", "model_name", "model_version"],
  ...["last_week", "raised_at", "changed_at", "changed_by", "summary"],
] as const;

/** What an export has written. */
export interface ExportResult {
  readonly alerts: number;
  /** Number of alerts of the list at the start. Null: more than the service counts. */
  readonly expected: number | null;
}

/**
 * Writes alerts as CSV (RFC 4180), or as one line of JSON. An alert that moves to a later page during the export is
 * written once.
 * @param onProgress called after each page
 */
export async function writeAlerts(
  out: Writable,
  pages: AsyncIterable<AlertPage>,
  format: "csv" | "json",
  onProgress: (done: number, total: number) => void,
): Promise<ExportResult> {
  const seen = new Set<string>();
  let expected: number | undefined;
  await writeText(out, format === "csv" ? `${[...COLUMNS, "reasons"].join(",")}\r\n` : '{"alerts":[');
  for await (const { alerts, total, isLast } of pages) {
    expected ??= total;
    for (const alert of alerts) {
      if (seen.has(alert.alertId)) continue;
      const separator = seen.size === 0 ? "" : ",";
      seen.add(alert.alertId);
      await writeText(out, format === "csv" ? csvLine(alert) : `${separator}${printableJson(alertJson(alert))}`);
    }
    onProgress(seen.size, isLast ? seen.size : Math.max(expected, seen.size + 1));
  }
  if (format === "json") await writeText(out, `],"count":${seen.size}}\n`);
  return { alerts: seen.size, expected: expected === undefined || expected > MAX_COUNTED ? null : expected };
}

function csvLine(alert: Alert): string {
  const json: Readonly<Record<(typeof COLUMNS)[number], string | number | null>> = alertJson(alert);
  const cells = COLUMNS.map((column) => cellOf(json[column]));
  return `${[...cells, cellOf(alert.reasons.map(({ text }) => text).join("; "))].join(",")}\r\n`;
}

/** Numbers are written as they are: a negative number is not a formula. */
const cellOf = (value: string | number | null): string =>
  typeof value === "string" ? cellFromText(value) : value === null ? "" : String(value);
