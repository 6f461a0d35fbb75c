import type {
  Weekday as ConfigWeekday,
  DestinationSpec,
  NoticeChannel as NoticeChannelName,
  NoticeRoutes,
} from "@bellwether/config/notice-routes";
import {
  NoNoticesReason as NoNoticesReasonProto,
  type NoticeAttemptSchema,
  NoticeCause,
  NoticeChannel,
  type NoticeDestinationSchema,
  type NoticeItemSchema,
  NoticeKind,
  NoticeOutcome,
  NoticeRuleKind,
  type NoticeRuleSchema,
  type NoticeSchema,
  NoticeState,
  Weekday,
} from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type * as delivery from "../../domain/notices/delivery-retries.ts";
import {
  type DestinationRule,
  deliveryTimes,
  destinationRules,
  type NoNoticesReason,
} from "../../domain/notices/destination-rules.ts";
import type * as domain from "../../domain/notices/notice.ts";
import type { DestinationState, StoredAttempt, StoredNotice } from "../../domain/notices/stored-notice.ts";
import { SEVERITIES } from "./alert-to-proto.ts";

export const NOTICE_STATES: Readonly<Record<delivery.NoticeState, NoticeState>> = {
  waiting: NoticeState.WAITING,
  delivered: NoticeState.DELIVERED,
  dead: NoticeState.DEAD,
  left_out: NoticeState.LEFT_OUT,
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

const OUTCOMES: Readonly<Record<NonNullable<StoredAttempt["outcome"]>, NoticeOutcome>> = {
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

const RULE_KINDS: Readonly<Record<DestinationRule["kind"], NoticeRuleKind>> = {
  route: NoticeRuleKind.ROUTE,
  assignment: NoticeRuleKind.ASSIGNMENT,
  watchlist: NoticeRuleKind.WATCHLIST,
  escalation: NoticeRuleKind.ESCALATION,
};

export const NO_NOTICES_REASONS: Readonly<Record<NoNoticesReason, NoNoticesReasonProto>> = {
  no_routes_file: NoNoticesReasonProto.NO_ROUTES_FILE,
  no_destinations: NoNoticesReasonProto.NO_DESTINATIONS,
  no_routes: NoNoticesReasonProto.NO_ROUTES,
};

/** Maximum number of rules of a destination, and of names in one list, in an answer. */
const MAX_RULES = 20;
const MAX_NAMES = 10;

/** Converts a destination with the rules of the routes file, and with the times of its next notices. */
export function destinationToProto(
  spec: DestinationSpec,
  state: DestinationState,
  routes: NoticeRoutes,
  now: Date,
): MessageInitShape<typeof NoticeDestinationSchema> {
  const { channel, digest, quietHours, timeZone, allowPrivateNetworks } = spec;
  const { name, disabledAt, reason, waiting, dead, collected, lastDeliveredAt } = state;
  const { rules, owners } = destinationRules(name, routes);
  const { isQuiet, nextDeliveryAt, nextAtOnceAt, nextDigestAt } = deliveryTimes(spec, state, now);
  return {
    ...{ name, waiting, dead, collected, timeZone, isQuiet, channel: CHANNELS[channel], disabledReason: reason },
    ...{ hasDigest: digest !== null, allowsPrivateNetworks: allowPrivateNetworks },
    ...(digest && {
      digest: { weekday: digest.on === null ? Weekday.UNSPECIFIED : DAYS[digest.on], minuteOfDay: digest.at },
    }),
    ...(quietHours && { quietHours: { fromMinute: quietHours.from, toMinute: quietHours.to } }),
    ...{ rules: rules.slice(0, MAX_RULES).map(ruleToProto), moreRules: Math.max(0, rules.length - MAX_RULES) },
    ...{ owners: owners.slice(0, MAX_NAMES), moreOwners: Math.max(0, owners.length - MAX_NAMES) },
    ...(disabledAt && { disabledAt: timestampFromDate(disabledAt) }),
    ...(lastDeliveredAt && { lastDeliveredAt: timestampFromDate(lastDeliveredAt) }),
    ...(nextDeliveryAt && { nextDeliveryAt: timestampFromDate(nextDeliveryAt) }),
    ...(nextAtOnceAt && { nextAtOnceAt: timestampFromDate(nextAtOnceAt) }),
    ...(nextDigestAt && { nextDigestAt: timestampFromDate(nextDigestAt) }),
  };
}

const DAYS: Readonly<Record<ConfigWeekday, Weekday>> = {
  monday: Weekday.MONDAY,
  tuesday: Weekday.TUESDAY,
  wednesday: Weekday.WEDNESDAY,
  thursday: Weekday.THURSDAY,
  friday: Weekday.FRIDAY,
  saturday: Weekday.SATURDAY,
  sunday: Weekday.SUNDAY,
};

function ruleToProto(rule: DestinationRule): MessageInitShape<typeof NoticeRuleSchema> {
  const { kind, route, isOwnedOnly, isInDigest, afterMs } = rule;
  const lists = [rule.regions, rule.categories, rule.owners];
  const [regions = [], categories = [], supplierOwners = []] = lists.map((list) => list.slice(0, MAX_NAMES));
  return {
    ...{ kind: RULE_KINDS[kind], route, ownedOnly: isOwnedOnly, inDigest: isInDigest },
    severities: rule.severities.map((severity) => SEVERITIES[severity]),
    ...{ regions, categories, supplierOwners, conditionsTruncated: lists.some((list) => list.length > MAX_NAMES) },
    ...(afterMs !== null && { after: durationFromMs(afterMs) }),
  };
}
