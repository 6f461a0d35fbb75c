import { alertCsvRow, alertsCsvHeader } from "@bellwether/contract/alerts-csv";
import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import type { Transport } from "@connectrpc/connect";
import { callUnaryMethod } from "@connectrpc/connect-query";
import { type InboxView, listRequestOf } from "../routing/inbox-view.ts";

/** Maximum number of alerts in an export. */
export const MAX_EXPORT = 10_000;
const PAGE_SIZE = 200;

/** An export: its CSV, and how much of the list it contains. */
export interface AlertExport {
  readonly csv: string;
  readonly rows: number;
  /** Whether the list has more alerts than the export. */
  readonly truncated: boolean;
}

/** Reads all alerts of a view, in its order, and returns them as CSV in the form of docs/alerts-csv.md. */
export async function exportAlerts(transport: Transport, view: InboxView): Promise<AlertExport> {
  // An alert that moves to a later page during the export is written once.
  const alerts = new Map<string, Alert>();
  let pageToken = "";
  do {
    const request = { ...listRequestOf(view), pageToken, pageSize: PAGE_SIZE };
    const page = await callUnaryMethod(transport, AlertService.method.listAlerts, request);
    for (const alert of page.alerts) if (!alerts.has(alert.alertId)) alerts.set(alert.alertId, alert);
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && alerts.size < MAX_EXPORT);
  const csv = alertsCsvHeader() + [...alerts.values()].map(alertCsvRow).join("");
  return { csv, rows: alerts.size, truncated: pageToken !== "" };
}
