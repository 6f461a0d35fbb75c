import type { DestinationSpec, NoticeChannel as NoticeChannelName } from "@bellwether/config/notice-routes";
import {
  type NoticeAttemptSchema,
  NoticeCause,
  NoticeChannel,
  type NoticeDestinationSchema,
  type NoticeItemSchema,
  NoticeKind,
  NoticeOutcome,
  type NoticeSchema,
  NoticeState,
} from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type * as delivery from "../domain/delivery.ts";
import type * as domain from "../domain/notice.ts";
import type { DestinationState, StoredAttempt, StoredNotice } from "../domain/stored-notice.ts";
import { SEVERITIES } from "./alert-to-proto.ts";

export const NOTICE_STATES: Readonly<Record<delivery.NoticeState, NoticeState>> = {
  waiting: NoticeState.WAITING,
  delivered: NoticeState.DELIVERED,
  dead: NoticeState.DEAD,
};

const CHANNELS: Readonly<Record<NoticeChannelName, NoticeChannel>> = {
  webhook: NoticeChannel.WEBHOOK,
  slack: NoticeChannel.SLACK,
  teams: NoticeChannel.TEAMS,
  mail: NoticeChannel.MAIL,
};

const KINDS: Readonly<Record<domain.NoticeKind, NoticeKind>> = {
  alerts: NoticeKind.ALERTS,
  digest: NoticeKind.DIGEST,
  escalation: NoticeKind.ESCALATION,
  test: NoticeKind.TEST,
};

const CAUSES: Readonly<Record<domain.NoticeCause, NoticeCause>> = {
  not_taken: NoticeCause.NOT_TAKEN,
  assigned: NoticeCause.ASSIGNED,
  escalated: NoticeCause.ESCALATED,
  raised: NoticeCause.RAISED,
  reopened: NoticeCause.REOPENED,
  worse: NoticeCause.WORSE,
};

const OUTCOMES: Readonly<Record<domain.DeliveryOutcome["kind"], NoticeOutcome>> = {
  delivered: NoticeOutcome.DELIVERED,
  retry: NoticeOutcome.RETRY,
  rejected: NoticeOutcome.REJECTED,
  gone: NoticeOutcome.GONE,
};

/** Converts a notice. @param items the items to show; left out: none */
export function noticeToProto(
  notice: StoredNotice,
  items: readonly domain.NoticeItem[] = [],
): MessageInitShape<typeof NoticeSchema> {
  const { id: noticeId, destination, recipient, attempts, reason, createdAt, finishedAt, nextAttemptAt } = notice;
  return {
    ...{ noticeId, destination, recipient, attempts, reason },
    ...{ kind: KINDS[notice.kind], state: NOTICE_STATES[notice.state], channel: CHANNELS[notice.channel] },
    createdAt: timestampFromDate(createdAt),
    ...(notice.state === "waiting" && { nextAttemptAt: timestampFromDate(nextAttemptAt) }),
    ...(finishedAt && { finishedAt: timestampFromDate(finishedAt) }),
    suppliers: notice.items.length,
    droppedSuppliers: notice.droppedItems,
    items: items.map(itemToProto),
  };
}

function itemToProto(item: domain.NoticeItem): MessageInitShape<typeof NoticeItemSchema> {
  const { supplierId, supplierName, actor, owner, isoWeek, modelName, currency, score, previousScore } = item;
  return {
    ...{ supplierId, supplierName, actor, owner, isoWeek, modelName, currency, riskScore: score },
    alertIds: [...item.alertIds],
    reasons: [...item.reasons],
    severity: SEVERITIES[item.severity],
    cause: CAUSES[item.cause],
    ...(previousScore !== null && { previousScore }),
    ...(item.expectedLoss !== null && { expectedLoss: item.expectedLoss }),
  };
}

export function attemptToProto(entry: StoredAttempt): MessageInitShape<typeof NoticeAttemptSchema> {
  const { attempt, startedAt, durationMs, outcome, detail, worker } = entry;
  return {
    ...{ attempt, detail, worker, startedAt: timestampFromDate(startedAt) },
    outcome: outcome === null ? NoticeOutcome.UNSPECIFIED : OUTCOMES[outcome],
    ...(durationMs !== null && { durationMs }),
  };
}

export function destinationToProto(
  { channel, digest, allowPrivateNetworks }: DestinationSpec,
  { name, disabledAt, reason, waiting, dead, lastDeliveredAt }: DestinationState,
): MessageInitShape<typeof NoticeDestinationSchema> {
  return {
    ...{ name, waiting, dead, channel: CHANNELS[channel], disabledReason: reason },
    ...{ hasDigest: digest !== null, allowsPrivateNetworks: allowPrivateNetworks },
    ...(disabledAt && { disabledAt: timestampFromDate(disabledAt) }),
    ...(lastDeliveredAt && { lastDeliveredAt: timestampFromDate(lastDeliveredAt) }),
  };
}
