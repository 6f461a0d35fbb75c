import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { Transport } from "@connectrpc/connect";
import { callUnaryMethod } from "@connectrpc/connect-query";
import { type CsvCell, csvOf } from "../export/csv.ts";
import { DISPOSITION_WORDS, SEVERITY_WORDS, STATE_WORDS, wordOf } from "../parts/words.ts";
import { type InboxView, listRequestOf } from "../routing/inbox-view.ts";

/** Maximum number of alerts in an export. */
export const MAX_EXPORT = 10_000;
const PAGE_SIZE = 200;

const COLUMNS: readonly (readonly [title: string, cell: (alert: Alert) => CsvCell])[] = [
  ["alert_id", ({ alertId }) => alertId],
  ["supplier_id", ({ supplierId }) => supplierId],
  ["supplier_name", ({ supplierName }) => supplierName],
  ["severity", ({ severity }) => wordOf(SEVERITY_WORDS, severity)],
  ["state", ({ state }) => wordOf(STATE_WORDS, state)],
  ["disposition", ({ disposition }) => (disposition ? wordOf(DISPOSITION_WORDS, disposition) : "")],
  ["risk_score", ({ riskScore }) => riskScore],
  ["score_change", ({ scoreChange }) => scoreChange],
  ["expected_loss", ({ expectedImpact }) => expectedImpact],
  ["currency", ({ currency }) => currency],
  ["owner", ({ owner }) => owner],
  ["region", ({ region }) => region],
  ["category", ({ category }) => category],
  ["rule", ({ ruleId }) => ruleId],
  ["model", ({ modelName }) => modelName],
  ["model_version", ({ modelVersion }) => modelVersion],
  ["week", ({ lastWeek }) => lastWeek],
  ["raised_at", ({ raisedAt }) => timeCell(raisedAt)],
  ["changed_at", ({ changedAt }) => timeCell(changedAt)],
  ["changed_by", ({ changedBy }) => changedBy],
  ["summary", ({ summary }) => summary],
  ["reasons", ({ reasons }) => reasons.map(({ text }) => text).join("; ")],
];

/** An export: its CSV, and how much of the list it contains. */
export interface AlertExport {
  readonly csv: string;
  readonly rows: number;
  /** Whether the list has more alerts than the export. */
  readonly truncated: boolean;
}

/** Reads all alerts of a view, in its order, and returns them as CSV. */
export async function exportAlerts(transport: Transport, view: InboxView): Promise<AlertExport> {
  const alerts: Alert[] = [];
  let pageToken = "";
  do {
    const request = { ...listRequestOf(view), pageToken, pageSize: PAGE_SIZE };
    const page = await callUnaryMethod(transport, AlertService.method.listAlerts, request);
    alerts.push(...page.alerts);
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && alerts.length < MAX_EXPORT);
  return { csv: alertsCsv(alerts), rows: alerts.length, truncated: pageToken !== "" };
}

/** Returns alerts as CSV, one row for each. */
export const alertsCsv = (alerts: readonly Alert[]): string =>
  csvOf(
    COLUMNS.map(([title]) => title),
    alerts.map((alert) => COLUMNS.map(([, cell]) => cell(alert))),
  );

const timeCell = (time: Timestamp | undefined): string => (time ? timestampDate(time).toISOString() : "");
