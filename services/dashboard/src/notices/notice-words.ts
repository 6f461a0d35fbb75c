import {
  type Notice,
  NoticeCause,
  NoticeChannel,
  NoticeKind,
  NoticeOutcome,
  NoticeState,
} from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import { countOf } from "../parts/format.ts";
import type { NoticesView } from "../routing/route.ts";

type Words = Readonly<Record<number, string>>;

/** The states of a filter, by their names in an address. */
export const STATES: Readonly<Record<NoticesView["state"], NoticeState>> = {
  "": NoticeState.UNSPECIFIED,
  waiting: NoticeState.WAITING,
  delivered: NoticeState.DELIVERED,
  dead: NoticeState.DEAD,
};

export const NOTICE_STATE_WORDS: Words = {
  [NoticeState.UNSPECIFIED]: "All",
  [NoticeState.WAITING]: "Waiting",
  [NoticeState.DELIVERED]: "Delivered",
  [NoticeState.DEAD]: "Dead",
  [NoticeState.LEFT_OUT]: "Left out",
};

export const NOTICE_KIND_WORDS: Words = {
  [NoticeKind.ALERTS]: "Alerts",
  [NoticeKind.DIGEST]: "Digest",
  [NoticeKind.ESCALATION]: "Escalation",
  [NoticeKind.TEST]: "Test",
};

export const CHANNEL_WORDS: Words = {
  [NoticeChannel.WEBHOOK]: "Webhook",
  [NoticeChannel.SLACK]: "Slack",
  [NoticeChannel.TEAMS]: "Microsoft Teams",
  [NoticeChannel.MAIL]: "Mail",
};

export const OUTCOME_WORDS: Words = {
  [NoticeOutcome.UNSPECIFIED]: "Not ended",
  [NoticeOutcome.DELIVERED]: "Delivered",
  [NoticeOutcome.RETRY]: "Failed, tried again",
  [NoticeOutcome.REJECTED]: "Rejected",
  [NoticeOutcome.GONE]: "Wants no more notices",
};

export const CAUSE_WORDS: Words = {
  [NoticeCause.NOT_TAKEN]: "Nobody has taken the alert",
  [NoticeCause.ASSIGNED]: "Assigned",
  [NoticeCause.ESCALATED]: "Became critical",
  [NoticeCause.RAISED]: "New alert",
  [NoticeCause.REOPENED]: "Opened again",
  [NoticeCause.WORSE]: "Became worse",
};

/** Returns what a notice is about: "Digest, 12 suppliers". */
export function subjectText({ kind, suppliers, droppedSuppliers }: Notice): string {
  const word = NOTICE_KIND_WORDS[kind] ?? `Unknown (${kind})`;
  return kind === NoticeKind.TEST ? word : `${word}, ${countOf(suppliers + droppedSuppliers, "supplier")}`;
}

/** Returns a limited number: the server counts to 10,001. */
export function limitedCount(count: number): string {
  return count > 10_000 ? "more than 10,000" : String(count);
}
