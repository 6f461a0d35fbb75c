import type { NoticeChannel } from "@bellwether/config/notice-routes";
import type { ScoreChangeParts } from "../alerts/alert.ts";

/**
 * Why a notice is sent. "alerts": alerts were raised, became worse or were assigned. "digest": the same, collected
 * until a time of day. "escalation": nobody has taken an alert in time. "test": a person tries a destination.
 */
export type NoticeKind = "alerts" | "digest" | "escalation" | "test";

/**
 * What happened to the alerts of a supplier. "escalated": an alert became critical. "worse": a snooze ended because
 * its alert became worse. "not_taken": nobody has taken an alert in time. The first one that applies is named.
 */
export const NOTICE_CAUSES = ["not_taken", "assigned", "escalated", "raised", "reopened", "worse"] as const;
export type NoticeCause = (typeof NOTICE_CAUSES)[number];

/** What a notice says about one supplier. Texts are as stored: a sender escapes them for its channel. */
export interface NoticeItem {
  /** The caller's id of the supplier, 1 to 128 characters. */
  readonly supplierId: string;
  /** Up to 200 characters. Empty: not known. */
  readonly supplierName: string;
  /** UUIDs of the alerts, at least one. */
  readonly alertIds: readonly string[];
  /** The highest severity of these alerts. */
  readonly severity: "warning" | "critical";
  readonly cause: NoticeCause;
  /** Who did it: a person, or "rules". */
  readonly actor: string;
  /** What the person who assigned the alert wrote for the new owner, up to 500 characters. Left out: nothing. */
  readonly note?: string;
  /** Who is responsible. Empty: nobody. */
  readonly owner: string;
  /** ISO week of the score, for example 2026-W48. */
  readonly isoWeek: string;
  /** Name of the model that computed the score. */
  readonly modelName: string;
  /** Calibrated probability, in [0, 1]. */
  readonly score: number;
  /** The supplier's score in the model's run before. Null: there was none. */
  readonly previousScore: number | null;
  /** The parts of the change of the score. Left out: the same model version scored the week before. */
  readonly scoreChangeParts?: ScoreChangeParts;
  /** Risk score × exposure × weight of the criticality, in `currency`. Null: the exposure is not known. */
  readonly expectedLoss: number | null;
  /** ISO 4217. */
  readonly currency: string;
  /** At most two texts, the strongest first, for example "disputes 7, was 4". */
  readonly reasons: readonly string[];
  /** Page of the supplier. Null: the public URL of the service is not known. */
  readonly url: string | null;
}

/** A message to one destination. A second delivery of the same notice has the same id and the same content. */
export interface Notice {
  /** UUID version 7. Receivers recognise by it a notice that they received before. */
  readonly noticeId: string;
  readonly kind: NoticeKind;
  readonly createdAt: Date;
  /** For whom it is, as text: an owner, or the name of the destination. */
  readonly recipient: string;
  /** At most MAX_ITEMS, the most urgent first. Empty only for a test. */
  readonly items: readonly NoticeItem[];
  /** Number of suppliers that are not in `items` because there were more; `pageUrl` lists them. */
  readonly droppedItems: number;
  /** Page of the alerts. Null: the public URL of the service is not known. */
  readonly pageUrl: string | null;
}

/** Maximum number of suppliers in one notice. */
export const MAX_ITEMS = 100;

/** Where notices are sent. */
export interface Destination {
  /** 1 to 40 lower-case letters, digits and -. Logs and answers name a destination only by it. */
  readonly name: string;
  readonly channel: NoticeChannel;
  /** https URL, or http where private networks are allowed; a mail address for "mail". Never logged: it can be a secret. */
  readonly address: string;
  /** Signing secret of a webhook by the Standard Webhooks convention ("whsec_…"). Null: none. Never logged. */
  readonly secret: string | null;
  /** Whether the address may be in a private or loopback network. */
  readonly allowPrivateNetworks: boolean;
}

/** The result of one attempt to deliver a notice. Texts are one line, at most 300 characters, and without secrets. */
export type DeliveryOutcome =
  /** The receiver has the notice. */
  | { readonly kind: "delivered"; readonly detail: string }
  /** A later attempt can succeed. `retryAfterMs`: as the receiver asks, at least 0. */
  | { readonly kind: "retry"; readonly reason: string; readonly retryAfterMs?: number }
  /** The receiver rejects this notice for good. */
  | { readonly kind: "rejected"; readonly reason: string }
  /** The receiver wants no more notices (HTTP 410, mailbox does not exist): the destination is disabled. */
  | { readonly kind: "gone"; readonly reason: string }
  /** The process was stopped during the attempt. The receiver may have the notice; it has not failed. */
  | { readonly kind: "interrupted"; readonly reason: string };

/**
 * Delivers a notice once, without attempts of its own. It ends within its time limit, or when the signal is aborted
 * (outcome "retry"). Errors of the network are outcomes; it throws only for errors of the program.
 */
export type SendNotice = (notice: Notice, destination: Destination, signal: AbortSignal) => Promise<DeliveryOutcome>;

/** The open senders of all channels. */
export interface NoticeSender {
  readonly send: SendNotice;
  close(): Promise<void>;
}
