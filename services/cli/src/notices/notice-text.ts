import { AlertSeverity } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import {
  type Notice,
  type NoticeAttempt,
  NoticeCause,
  NoticeChannel,
  type NoticeDestination,
  type NoticeItem,
  NoticeKind,
  NoticeOutcome,
  NoticeState,
} from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import { countText } from "@bellwether/reasons/count-text";
import { timeText } from "../alerts/alert-json.ts";
import { enumWord } from "../suppliers/supplier-text.ts";

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
  };
}

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
  return `${parts.join("  ")}${reason === "" ? "" : `: ${reason}`}`;
}

/** Returns a notice with its items and its delivery log. */
export function noticeLines(notice: Notice, attempts: readonly NoticeAttempt[]): string[] {
  const next = timeText(notice.nextAttemptAt);
  return [
    `notice       ${notice.noticeId}`,
    `state        ${noticeStateWord(notice.state)}${next === null ? "" : `, next attempt ${next}`}`,
    `destination  ${notice.destination} (${channelWord(notice.channel)}), for ${notice.recipient}`,
    `created      ${timeText(notice.createdAt) ?? ""}`,
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

/** Returns a destination in one line. */
export function destinationLine(destination: NoticeDestination): string {
  const { name, waiting, dead, disabledReason, hasDigest } = destination;
  const disabled = timeText(destination.disabledAt);
  const state = disabled === null ? "active" : `disabled since ${disabled} (${disabledReason})`;
  const last = timeText(destination.lastDeliveredAt);
  const parts = [
    name,
    channelWord(destination.channel),
    state,
    `${waiting} waiting`,
    `${dead} dead`,
    last === null ? "nothing delivered" : `last delivered ${last}`,
    ...(hasDigest ? ["with a digest"] : []),
  ];
  return parts.join("  ");
}
