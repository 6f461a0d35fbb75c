import { type Alert, AlertSeverity, AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { CSV_MARK, type CsvValue, csvRow } from "./csv-cell.ts";

/** The columns of an export of alerts, in their order. docs/alerts-csv.md describes them. */
export const ALERT_COLUMNS: readonly (readonly [name: string, value: (alert: Alert) => CsvValue])[] = [
  ["alert_id", ({ alertId }) => alertId],
  ["supplier_id", ({ supplierId }) => supplierId],
  ["supplier_name", ({ supplierName }) => supplierName],
  ["severity", ({ severity }) => wordOf(AlertSeverity, severity)],
  ["state", ({ state }) => wordOf(AlertState, state)],
  ["disposition", ({ disposition }) => wordOf(Disposition, disposition)],
  ["risk_score", ({ riskScore }) => riskScore],
  ["score_change", ({ scoreChange }) => scoreChange],
  ["expected_impact", ({ expectedImpact }) => expectedImpact],
  ["currency", ({ currency }) => currency],
  ["owner", ({ owner }) => owner],
  ["region", ({ region }) => region],
  ["category", ({ category }) => category],
  ["rule_id", ({ ruleId }) => ruleId],
  ["model_name", ({ modelName }) => modelName],
  ["model_version", ({ modelVersion }) => modelVersion],
  ["last_week", ({ lastWeek }) => lastWeek],
  ["raised_at", ({ raisedAt }) => timeOf(raisedAt)],
  ["changed_at", ({ changedAt }) => timeOf(changedAt)],
  ["changed_by", ({ changedBy }) => changedBy],
  ["summary", ({ summary }) => summary],
  ["reasons", ({ reasons }) => reasons.map(({ text }) => text).join("; ")],
];

/** Returns the beginning of an export: the byte order mark, and the names of the columns. */
export const alertsCsvHeader = (): string => `${CSV_MARK}${csvRow(ALERT_COLUMNS.map(([name]) => name))}`;

/** Returns the row of an alert. */
export const alertCsvRow = (alert: Alert): string => csvRow(ALERT_COLUMNS.map(([, value]) => value(alert)));

/** Returns the name of an enum's value in lower case. Empty: unspecified. */
const wordOf = (names: Readonly<Record<string, number>>, value: number): string =>
  value === 0 ? "" : (Object.keys(names).find((name) => names[name] === value) ?? "").toLowerCase();

const timeOf = (time: Timestamp | undefined): string => (time ? timestampDate(time).toISOString() : "");
