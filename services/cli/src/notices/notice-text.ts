import { AlertSeverity } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import {
  NoNoticesReason,
  type Notice,
  type NoticeAttempt,
  NoticeCause,
  NoticeChannel,
  type NoticeDestination,
  type NoticeItem,
  NoticeKind,
  NoticeOutcome,
  type NoticeRule,
  NoticeRuleKind,
  NoticeState,
  Weekday,
} from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import { countText } from "@bellwether/reasons/count-text";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { timeText } from "../alerts/alert-json.ts";
import { enumWord } from "../output/enum-word.ts";
import { minuteText } from "../output/minute-text.ts";
import { printableStart, TABLE_REASON } from "../output/printable.ts";

export const noticeStateWord = (state: NoticeState): string => enumWord(NoticeState, state);
const channelWord = (channel: NoticeChannel): string => enumWord(NoticeChannel, channel);
const kindWord = (kind: NoticeKind): string => enumWord(NoticeKind, kind);
const outcomeWord = (outcome: NoticeOutcome): string => enumWord(NoticeOutcome, outcome) || "no result";

/** Returns a notice as one object of JSON. */
export function noticeJson(notice: Notice) {
  return {
    notice_id: notice.noticeId,
    kind: kindWord(notice.kind),
    state: noticeStateWord(notice.state),
    destination: notice.destination,
    channel: channelWord(notice.channel),
    recipient: notice.recipient,
    suppliers: notice.suppliers,
    dropped_suppliers: notice.droppedSuppliers,
    attempts: notice.attempts,
    created_at: timeText(notice.createdAt),
    next_attempt_at: timeText(notice.nextAttemptAt),
    finished_at: timeText(notice.finishedAt),
    reason: notice.reason,
  };
}

/** Returns what a notice says about a supplier as one object of JSON. */
export function itemJson(item: NoticeItem) {
  return {
    supplier_id: item.supplierId,
    supplier_name: item.supplierName,
    alert_ids: item.alertIds,
    severity: enumWord(AlertSeverity, item.severity),
    cause: enumWord(NoticeCause, item.cause),
    actor: item.actor,
    owner: item.owner,
    iso_week: item.isoWeek,
    model_name: item.modelName,
    risk_score: item.riskScore,
    previous_score: item.previousScore ?? null,
    expected_loss: item.expectedLoss ?? null,
    currency: item.currency,
    reasons: item.reasons,
  };
}

/** Returns an attempt as one object of JSON. */
export function attemptJson(attempt: NoticeAttempt) {
  return {
    attempt: attempt.attempt,
    started_at: timeText(attempt.startedAt),
    duration_ms: attempt.durationMs ?? null,
    outcome: enumWord(NoticeOutcome, attempt.outcome) || null,
    detail: attempt.detail,
    worker: attempt.worker,
  };
}

/** Returns a destination as one object of JSON. */
export function destinationJson(destination: NoticeDestination) {
  const { digest, quietHours } = destination;
  return {
    name: destination.name,
    channel: channelWord(destination.channel),
    disabled_at: timeText(destination.disabledAt),
    disabled_reason: destination.disabledReason,
    waiting: destination.waiting,
    dead: destination.dead,
    last_delivered_at: timeText(destination.lastDeliveredAt),
    has_digest: destination.hasDigest,
    allows_private_networks: destination.allowsPrivateNetworks,
    time_zone: destination.timeZone,
    digest: digest ? { on: enumWord(Weekday, digest.weekday) || "each day", at: clockText(digest.minuteOfDay) } : null,
    quiet_hours: quietHours ? { from: clockText(quietHours.fromMinute), to: clockText(quietHours.toMinute) } : null,
    is_quiet: destination.isQuiet,
    rules: destination.rules.map(ruleJson),
    more_rules: destination.moreRules,
    owners: destination.owners,
    more_owners: destination.moreOwners,
    collected: destination.collected,
    next_delivery_at: timeText(destination.nextDeliveryAt),
    next_at_once_at: timeText(destination.nextAtOnceAt),
    next_digest_at: timeText(destination.nextDigestAt),
  };
}

function ruleJson(rule: NoticeRule) {
  return {
    kind: enumWord(NoticeRuleKind, rule.kind),
    route: rule.route || null,
    severities: rule.severities.map((severity) => enumWord(AlertSeverity, severity)),
    regions: rule.regions,
    categories: rule.categories,
    supplier_owners: rule.supplierOwners,
    conditions_truncated: rule.conditionsTruncated,
    owned_only: rule.ownedOnly,
    deliver: rule.inDigest ? "digest" : "at_once",
    after_hours: rule.after ? durationMs(rule.after) / HOUR_MS : null,
  };
}

const HOUR_MS = 3_600_000;

/** Returns a time of day: "07:30". */
const clockText = (minute: number): string =>
  [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, "0")).join(":");

/** Returns a notice in one line. */
export function noticeLine(notice: Notice): string {
  const { noticeId, destination, suppliers, droppedSuppliers, attempts, reason } = notice;
  const about = notice.kind === NoticeKind.TEST ? "test" : countText(suppliers + droppedSuppliers, "supplier");
  const parts = [
    noticeId,
    noticeStateWord(notice.state).padEnd(9),
    (timeText(notice.createdAt) ?? "").slice(0, 19),
    destination,
    kindWord(notice.kind),
    about,
    countText(attempts, "attempt"),
  ];
  return `${parts.join("  ")}${reason === "" ? "" : `: ${printableStart(reason, TABLE_REASON)}`}`;
}

/** Returns a notice with its items and its delivery log. */
export function noticeLines(notice: Notice, attempts: readonly NoticeAttempt[]): string[] {
  const next = timeText(notice.nextAttemptAt);
  return [
    `notice       ${notice.noticeId}`,
    `state        ${noticeStateWord(notice.state)}${next === null ? "" : `, next attempt ${next}`}`,
    `destination  ${notice.destination} (${channelWord(notice.channel)}), for ${notice.recipient}`,
    `created      ${timeText(notice.createdAt) ?? ""}`,
    ...(notice.reason === "" ? [] : [`reason       ${notice.reason}`]),
    ...notice.items.map(itemLine),
    ...(notice.droppedSuppliers > 0
      ? [`and ${countText(notice.droppedSuppliers, "more supplier")}, which the notice leaves out`]
      : []),
    ...(attempts.length === 0 ? ["no attempt yet"] : []),
    ...attempts.map(attemptLine),
  ];
}

function itemLine(item: NoticeItem): string {
  const before = item.previousScore === undefined ? "" : `, was ${item.previousScore.toFixed(2)}`;
  const name = item.supplierName || item.supplierId;
  const severity = enumWord(AlertSeverity, item.severity);
  return `  ${name}: ${enumWord(NoticeCause, item.cause)}, ${severity}, score ${item.riskScore.toFixed(2)}${before}`;
}

function attemptLine({ attempt, startedAt, durationMs, outcome, detail, worker }: NoticeAttempt): string {
  const took = durationMs === undefined ? "" : ` after ${durationMs} ms`;
  return `attempt ${attempt}  ${timeText(startedAt) ?? ""}  ${outcomeWord(outcome)}${took}: ${detail || "-"} (${worker})`;
}

/** Returns a destination in a few lines: its state, when notices are sent, and which. */
export function destinationLines(destination: NoticeDestination): string[] {
  const { rules, moreRules, owners, moreOwners, timeZone, digest, quietHours, isQuiet } = destination;
  const quiet =
    quietHours && `${clockText(quietHours.fromMinute)} to ${clockText(quietHours.toMinute)}${isQuiet ? " (now)" : ""}`;
  const digestAt =
    digest &&
    `${clockText(digest.minuteOfDay)} ${digest.weekday ? `on ${enumWord(Weekday, digest.weekday)}` : "each day"}`;
  const [next, atOnce, nextDigest] = [
    timeText(destination.nextDeliveryAt),
    timeText(destination.nextAtOnceAt),
    timeText(destination.nextDigestAt),
  ];
  const indented = (name: string, text: string): string => `  ${name.padEnd(14)}${text}`;
  return [
    destinationLine(destination),
    ...(rules.length === 0 ? [indented("gets", "nothing but tests: no route, owner or escalation sends to it")] : []),
    ...rules.map((rule, i) => indented(i === 0 ? "gets" : "", ruleLine(rule))),
    ...(moreRules > 0 ? [indented("", `and ${countText(moreRules, "more rule")}`)] : []),
    ...(owners.length > 0
      ? [indented("owners", `${owners.join(", ")}${moreOwners > 0 ? ` and ${moreOwners} more` : ""}`)]
      : []),
    indented("quiet hours", quiet ? `${quiet}, ${timeZone}` : "none"),
    indented("digest", digestAt ? `${digestAt}, ${timeZone}${nextDigest ? `; next ${nextDigest}` : ""}` : "none"),
    indented(
      "next delivery",
      next ? `${next} of what waits` : `nothing waits${atOnce ? `; what is sent at once would be sent ${atOnce}` : ""}`,
    ),
  ];
}

function ruleLine(rule: NoticeRule): string {
  const { kind, route, severities, regions, categories, supplierOwners, conditionsTruncated, ownedOnly } = rule;
  const list = (name: string, values: readonly string[]): string[] =>
    values.length === 0 ? [] : [`${name} ${values.join(", ")}${conditionsTruncated ? " …" : ""}`];
  const what = kind === NoticeRuleKind.ROUTE ? `route ${route}` : enumWord(NoticeRuleKind, kind);
  const parts = [
    ...list(
      "severity",
      severities.map((severity) => enumWord(AlertSeverity, severity)),
    ),
    ...list("region", regions),
    ...list("category", categories),
    ...list("supplier owner", supplierOwners),
    ...(ownedOnly ? ["only alerts of its owners"] : []),
    ...(rule.after ? [`not acknowledged within ${durationMs(rule.after) / HOUR_MS} h`] : []),
    rule.inDigest ? "in the digest" : "at once",
  ];
  return `${what}: ${parts.join("; ")}`;
}

/** Returns a destination in one line. */
export function destinationLine(destination: NoticeDestination): string {
  const { name, waiting, dead, collected, disabledReason } = destination;
  const disabled = timeText(destination.disabledAt);
  const state = disabled === null ? "active" : `disabled since ${disabled} (${disabledReason})`;
  const last = timeText(destination.lastDeliveredAt);
  const parts = [
    name,
    channelWord(destination.channel),
    state,
    `${waiting} waiting`,
    ...(collected > 0 ? [`${collected} collected for later`] : []),
    `${dead} dead`,
    last === null ? "nothing delivered" : `last delivered ${last}`,
  ];
  return parts.join("  ");
}

/** The largest number that ops-service counts. */
const MAX_COUNTED = 10_000;

/**
 * Says how many changes of alerts a destination gets later: they are not in a notice yet. Empty: none. The time is that of
 * the next delivery to the destination, which can be a notice that waits already.
 */
export function collectedLine(destination: NoticeDestination): string {
  const { name, collected, disabledAt, nextDeliveryAt } = destination;
  if (collected === 0) return "";
  const changes =
    collected > MAX_COUNTED
      ? `more than ${MAX_COUNTED} changes of alerts are`
      : countText(collected, "change of an alert is", "changes of alerts are");
  const next = nextDeliveryAt ? `, next delivery at ${minuteText(nextDeliveryAt)}` : "";
  const disabled = disabledAt ? ", which is disabled" : "";
  return `${changes} collected for ${name}${disabled} (digest or quiet hours)${next}: notices destinations`;
}

/** Returns what a destination gets later as one object of JSON. */
export const collectedJson = ({ name, collected, nextDeliveryAt }: NoticeDestination) => ({
  ...{ destination: name, collected, next_delivery_at: timeText(nextDeliveryAt) },
});

const NO_NOTICES: Readonly<Record<NoNoticesReason, string>> = {
  [NoNoticesReason.UNSPECIFIED]: "",
  [NoNoticesReason.NO_ROUTES_FILE]: "ops-service was started without a routes file",
  [NoNoticesReason.NO_DESTINATIONS]: "the routes file of ops-service has no destinations",
  [NoNoticesReason.NO_ROUTES]: "no route, owner or escalation of the routes file sends anything to a destination",
};

/** Says why no notice is sent, and what to do. */
export function noNoticesLine(reason: NoNoticesReason): string {
  const why = NO_NOTICES[reason] ?? "unknown reason";
  return `no notice of an alert will ever be sent: ${why}; add destinations and routes (config/notice_routes.yaml), and restart ops-service`;
}
