import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import {
  type Alert,
  type AlertEvent,
  AlertEventKind,
  type AlertOverride,
  AlertSeverity,
  Disposition,
  type ScoreChangeParts,
} from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import type { SupplierScore } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { countText } from "@bellwether/reasons/count-text";
import { wasText } from "@bellwether/reasons/reason-text";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { enumWord } from "../output/enum-word.ts";
import { printable, printableStart, widthOf } from "../output/printable.ts";
import { shellWord } from "../output/shell-word.ts";
import { dispositionWord, eventWord, severityWord, stateWord, timeText } from "./alert-json.ts";

/** Number of characters of an id in a list. */
const ID_LENGTH = 8;
const MINUTE_MS = 60_000;
const COLUMNS: readonly (readonly [title: string, maxWidth: number])[] = [
  ["ALERT", ID_LENGTH],
  ["SEVERITY", 8],
  ["STATE", 13],
  ["SCORE", 5],
  ["CHANGE", 6],
  ["SUPPLIER", 32],
  ["OWNER", 20],
  ["AGE", 8],
  ["REASON", 60],
];

/** Returns alerts as lines of a table with a header. @param nowMs the present time, for the ages */
export function alertTable(alerts: readonly Alert[], nowMs: number): string[] {
  const rows = alerts.map((alert) =>
    [
      alert.alertId.slice(0, ID_LENGTH),
      severityWord(alert.severity),
      stateWord(alert.state),
      alert.riskScore.toFixed(2),
      changeText(alert.scoreChange),
      alert.supplierName || alert.supplierId,
      alert.owner || "-",
      ageText(alert.raisedAt, nowMs),
      alert.reasons[0]?.text ?? alert.summary,
    ].map((text, i) => printableStart(text, COLUMNS[i]?.[1] ?? 0)),
  );
  const titles = COLUMNS.map(([title]) => title);
  const widths = titles.map((title, i) => Math.max(...[title, ...rows.map((row) => row[i] ?? "")].map(widthOf)));
  return [titles, ...rows].map((row) =>
    row
      .map((text, i) => text + " ".repeat((widths[i] ?? 0) - widthOf(text)))
      .join("  ")
      .trimEnd(),
  );
}

const changeText = (change: number | undefined): string =>
  change === undefined ? "-" : `${change < 0 ? "" : "+"}${change.toFixed(2)}`;

function ageText(at: Timestamp | undefined, nowMs: number): string {
  if (!at) return "-";
  const minutes = Math.max(0, Math.floor((nowMs - timestampMs(at)) / MINUTE_MS));
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} d`;
}

/** Returns an alert in one line, as the result of an action. */
export const alertLine = ({ alertId, version, state, owner, supplierId, supplierName }: Alert): string =>
  printable(
    `${alertId}  ${stateWord(state)}  ${supplierName || supplierId}  ${owner === "" ? "no owner" : `owner ${owner}`}  version ${version}`,
  );

/** Returns an alert with its reasons and its history, newest entry first. */
export function alertLines(alert: Alert, events: readonly AlertEvent[], changedModel: string): string[] {
  return [
    ...alertDetails(alert, events),
    ...(changedModel === "" ? [] : [changedModel]),
    ...[
      alert.summary,
      ...alert.reasons.map(
        ({ text, contribution, value, previousValue }) =>
          `  ${contribution < 0 ? "" : "+"}${contribution.toFixed(2)}  ${text}${wasText(value, previousValue)}`,
      ),
      "history, newest first:",
      ...events.flatMap(eventLines),
    ].map(printable),
  ];
}

/**
 * Whether the alert itself does not say for how long its risk is accepted. The latest entry "resolved" of its history
 * has the number of weeks.
 */
export const isAcceptedForWeeks = ({ disposition, acceptedUntil }: Alert): boolean =>
  disposition === Disposition.ACCEPTED && !acceptedUntil;

/** Returns for how long a risk is accepted that is accepted without an end. @param events newest entry first */
function acceptedText(events: readonly AlertEvent[]): string {
  const detail = events.find(({ kind }) => kind === AlertEventKind.RESOLVED)?.detail ?? "";
  const [, weeks] = /^Accepted for (\d+ run weeks?)\.$/.exec(detail) ?? [];
  return weeks === undefined
    ? "for cool_down_weeks of the alert rules"
    : `for ${weeks} (cool_down_weeks of the alert rules)`;
}

/**
 * Returns an alert with its state, snooze, override and owner, without its reasons and its history.
 * @param events the history, newest entry first; it says for how many weeks a risk is accepted. Empty: not read
 */
export function alertDetails(alert: Alert, events: readonly AlertEvent[] = []): string[] {
  const { snooze, activeOverride, disposition } = alert;
  const money = alert.expectedImpact === undefined ? "" : `${alert.expectedImpact.toFixed(0)} ${alert.currency}`;
  const until = snooze?.until ? `until ${timeText(snooze.until)}` : "";
  const worse = snooze?.untilWorse ? `until the score is ${snooze.minRise} higher, or the severity rises` : "";
  const decided = [
    dispositionWord(disposition),
    alert.acceptedUntil && `until ${timeText(alert.acceptedUntil)}`,
    isAcceptedForWeeks(alert) && acceptedText(events),
    alert.duplicateOfAlertId && `of ${alert.duplicateOfAlertId}`,
    alert.replacedByAlertId && `by ${alert.replacedByAlertId}`,
  ].filter((part) => part);
  const facts: readonly (readonly [string, string])[] = [
    ["id", alert.alertId],
    ["version", `${alert.version}${alert.changedBy === "" ? "" : `, changed by ${alert.changedBy}`}`],
    ["state", [stateWord(alert.state), decided.join(" ")].filter((part) => part !== "").join(": ")],
    ["severity", severityWord(alert.severity)],
    ["score", `${alert.riskScore.toFixed(2)} (${changeText(alert.scoreChange)} since the week before)`],
    ["model", partsText(alert.scoreChangeParts)],
    ["expected impact", money],
    ["supplier", alert.supplierId],
    ["region", alert.region],
    ["category", alert.category],
    ["owner", alert.owner || "nobody"],
    ["rule", `${alert.ruleId}, model ${alert.modelName} ${alert.modelVersion}`],
    [
      "weeks",
      `raised in ${alert.raisedWeek}, last evaluated in ${alert.lastWeek}, selected in ${countText(alert.signals, "run")}`,
    ],
    ["snoozed", snooze ? `${[until, worse].filter((part) => part !== "").join(" or ")}, by ${snooze.actor}` : ""],
    ["override", activeOverride ? overrideText(activeOverride) : ""],
  ];
  return [
    alert.supplierName || alert.supplierId,
    ...facts.filter(([, value]) => value !== "").map(([name, value]) => `  ${name.padEnd(17)}${value}`),
  ].map(printable);
}

/** Returns what an override replaces, until when, and why: "severity warning and band low until … by ada: paid in full". */
function overrideText({ severity, band, until, actor, reason }: AlertOverride): string {
  const replaced = [
    ...(severity === AlertSeverity.UNSPECIFIED ? [] : [`severity ${severityWord(severity)}`]),
    ...(band === Band.UNSPECIFIED ? [] : [`band ${enumWord(Band, band)}`]),
  ];
  return [replaced.join(" and "), `until ${timeText(until)} by ${actor}: ${reason}`].filter((part) => part).join(" ");
}

/**
 * Says that the score of an alert and the score of the week before are of different versions of the model, where the
 * alert does not have the parts of the change. Empty: it has them, or both scores are of one version.
 */
export function changedModelLine(
  { scoreChange, scoreChangeParts, supplierId, modelVersion, lastWeek }: Alert,
  score: Pick<SupplierScore, "previousModelVersion" | "previousIsoWeek" | "isoWeek"> | undefined,
): string {
  const before = score?.previousModelVersion ?? "";
  if (scoreChangeParts || scoreChange === undefined || before === "" || before === modelVersion) return "";
  if (score?.isoWeek !== lastWeek) return "";
  return printable(
    `  the model changed from ${before} (${score.previousIsoWeek}) to ${modelVersion}: bellwether suppliers change ${shellWord(supplierId)} splits the change of the score into data and model`,
  );
}

/** Returns what of a change of a score follows from the data and from the model. Empty: one version scored both weeks. */
function partsText(parts: ScoreChangeParts | undefined): string {
  if (!parts) return "";
  const { beforeWeek, beforeVersion, afterVersion, dataScore, modelScore } = parts;
  const versions = `${afterVersion}, ${beforeVersion} in ${beforeWeek}`;
  if (dataScore === undefined || modelScore === undefined)
    return `${versions}: parts not computed (${parts.notComputed})`;
  return `${versions}: ${changeText(dataScore)} by the data, ${changeText(modelScore)} by the model`;
}

function eventLines({ kind, occurredAt, actor, detail, note, riskScore, ...event }: AlertEvent): string[] {
  const score = riskScore === undefined ? "" : ` at ${riskScore.toFixed(2)}`;
  const parts = partsText(event.scoreChangeParts);
  return [
    `  ${timeText(occurredAt) ?? "-"}  ${eventWord(kind)}${score} by ${actor}${detail === "" ? "" : `: ${detail}`}`,
    ...(parts === "" ? [] : [`    ${parts}`]),
    ...(note === "" ? [] : note.split(/\r\n|\n/).map((line) => `    ${line}`)),
  ];
}
