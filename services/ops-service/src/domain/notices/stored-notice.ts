import type { NoticeChannel } from "@bellwether/config/notice-routes";
import type { NoticeState } from "./delivery-retries.ts";
import type { DeliveryOutcome, Notice } from "./notice.ts";

/** A notice with the state of its delivery. */
export interface StoredNotice extends Omit<Notice, "noticeId"> {
  readonly id: string;
  readonly destination: string;
  /** Channel of the destination when the notice was created. */
  readonly channel: NoticeChannel;
  readonly state: NoticeState;
  readonly attempts: number;
  readonly nextAttemptAt: Date;
  /** One line about the last attempt. Empty: there was none. */
  readonly reason: string;
  /** Null: the notice waits. */
  readonly finishedAt: Date | null;
}

/** An entry of the delivery log. */
export interface StoredAttempt {
  readonly attempt: number;
  readonly startedAt: Date;
  /** Null: the attempt has not ended, or its process was killed. */
  readonly durationMs: number | null;
  /** Null: there is none, because the attempt has not ended, or its process was killed or stopped. */
  readonly outcome: Exclude<DeliveryOutcome["kind"], "interrupted"> | null;
  readonly detail: string;
  /** Process that made the attempt: host and process id. */
  readonly worker: string;
}

/** A notice with its delivery log, the first attempt first. */
export interface NoticeWithLog {
  readonly notice: StoredNotice;
  readonly attempts: readonly StoredAttempt[];
}

export interface NoticeQuery {
  readonly state?: NoticeState;
  readonly destination?: string;
  /** Only notices with lower ids, which are older. */
  readonly beforeId?: string;
}

/** The state of a destination. */
export interface DestinationState {
  readonly name: string;
  /** Null: the destination gets notices. */
  readonly disabledAt: Date | null;
  /** Empty: it is not disabled. */
  readonly reason: string;
  /** Number of notices that wait, and of dead ones; at most 10,001, which means more than 10,000. */
  readonly waiting: number;
  readonly dead: number;
  /** Number of items that are collected for a later notice, at most 10,001. */
  readonly collected: number;
  /** Earliest time at which a waiting notice or a collected item is due, without regard to quiet hours. Null: none. */
  readonly nextDueAt: Date | null;
  /** Null: nothing was delivered within the retention. */
  readonly lastDeliveredAt: Date | null;
}
