import type { Writable } from "node:stream";
import { alertCsvRow, alertsCsvHeader } from "@bellwether/contract/alerts-csv";
import { printableJson } from "../output/printable.ts";
import { writeText } from "../output/whole-file.ts";
import { alertJson } from "./alert-json.ts";
import { type AlertPage, MAX_COUNTED } from "./alert-pages.ts";

/** What an export has written. */
export interface ExportResult {
  readonly alerts: number;
  /** Number of alerts of the list at the start. Null: more than the service counts. */
  readonly expected: number | null;
}

/**
 * Writes alerts as CSV in the form of docs/alerts-csv.md, or as one line of JSON. An alert that moves to a later page during the export is
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
  await writeText(out, format === "csv" ? alertsCsvHeader() : '{"alerts":[');
  for await (const { alerts, total, isLast } of pages) {
    expected ??= total;
    for (const alert of alerts) {
      if (seen.has(alert.alertId)) continue;
      const separator = seen.size === 0 ? "" : ",";
      seen.add(alert.alertId);
      await writeText(out, format === "csv" ? alertCsvRow(alert) : `${separator}${printableJson(alertJson(alert))}`);
    }
    onProgress(seen.size, isLast ? seen.size : Math.max(expected, seen.size + 1));
  }
  if (format === "json") await writeText(out, `],"count":${seen.size}}\n`);
  return { alerts: seen.size, expected: expected === undefined || expected > MAX_COUNTED ? null : expected };
}
