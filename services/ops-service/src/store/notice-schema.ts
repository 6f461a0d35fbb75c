import type { NoticeChannel } from "@bellwether/config/notice-routes";
import {
  bigint,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  sql,
  text,
  timestamp,
  uuid,
} from "@bellwether/postgres/drizzle/drizzle";
import type { NoticeState } from "../domain/notices/delivery-retries.ts";
import type { DeliveryOutcome, NoticeItem, NoticeKind } from "../domain/notices/notice.ts";

const bellwether = pgSchema("bellwether");

const when = (name: string) => timestamp(name, { withTimezone: true, mode: "date", precision: 3 });
const number = (name: string) => bigint(name, { mode: "number" });

/** What happened to alerts and was not routed yet. A row is written by the transaction that changes the alerts. */
export const noticeEvent = bellwether.table("notice_event", {
  id: number("id").primaryKey().generatedAlwaysAsIdentity(),
  key: text("key").notNull().unique(),
  /** A NoticeEvent without its key, as JSON. */
  event: jsonb("event").notNull(),
});

/** What a destination is to receive, until it is put into a notice. */
export const noticeItem = bellwether.table(
  "notice_item",
  {
    id: number("id").primaryKey().generatedAlwaysAsIdentity(),
    destination: text("destination").notNull(),
    kind: text("kind").$type<NoticeKind>().notNull(),
    recipient: text("recipient").notNull(),
    dueAt: when("due_at").notNull(),
    item: jsonb("item").$type<NoticeItem>().notNull(),
  },
  (t) => [index("notice_item_due").on(t.dueAt, t.id)],
);

export const notice = bellwether.table(
  "notice",
  {
    id: uuid("id").primaryKey(),
    destination: text("destination").notNull(),
    channel: text("channel").$type<NoticeChannel>().notNull(),
    kind: text("kind").$type<NoticeKind>().notNull(),
    recipient: text("recipient").notNull(),
    items: jsonb("items").$type<readonly NoticeItem[]>().notNull(),
    droppedItems: integer("dropped_items").notNull(),
    pageUrl: text("page_url"),
    createdAt: when("created_at").notNull(),
    state: text("state").$type<NoticeState>().notNull().default("waiting"),
    /** Number of all attempts. */
    attempts: integer("attempts").notNull().default(0),
    /** Number of attempts since the notice was created or replayed, with those that have no result. */
    tried: integer("tried").notNull().default(0),
    nextAttemptAt: when("next_attempt_at").notNull(),
    /** Counts the jobs of the notice. A job with a lower number does nothing. */
    claim: integer("claim").notNull().default(0),
    /** Until then, a job has the notice. Null: none has. */
    claimedUntil: when("claimed_until"),
    /** One line about the last attempt. Empty: there was none. */
    reason: text("reason").notNull().default(""),
    /** When the notice was delivered or became dead. */
    finishedAt: when("finished_at"),
  },
  (t) => [
    index("notice_waiting").on(t.destination, t.nextAttemptAt, t.id).where(sql`state = 'waiting'`),
    index("notice_state").on(t.state, t.id),
    index("notice_destination_id").on(t.destination, t.id),
    index("notice_finished").on(t.finishedAt).where(sql`state <> 'waiting'`),
  ],
);

/** The delivery log: each attempt of a notice. */
export const noticeAttempt = bellwether.table(
  "notice_attempt",
  {
    noticeId: uuid("notice_id")
      .notNull()
      .references(() => notice.id, { onDelete: "cascade" }),
    attempt: integer("attempt").notNull(),
    startedAt: when("started_at").notNull(),
    /** Null: the attempt has not ended, or its process was killed. */
    durationMs: integer("duration_ms"),
    /** Null: there is no result, because the attempt has not ended, or its process was killed or stopped. */
    outcome: text("outcome").$type<Exclude<DeliveryOutcome["kind"], "interrupted">>(),
    detail: text("detail").notNull().default(""),
    /** Name of the process: host and process id. */
    worker: text("worker").notNull(),
  },
  (t) => [primaryKey({ columns: [t.noticeId, t.attempt] })],
);

/** Destinations that are disabled or were. */
export const noticeDestination = bellwether.table("notice_destination", {
  name: text("name").primaryKey(),
  /** Null: the destination gets notices. */
  disabledAt: when("disabled_at"),
  reason: text("reason").notNull(),
});

/** The alerts about which it was reported that nobody takes them, with the time at which they had been raised. */
export const noticeEscalation = bellwether.table("notice_escalation", {
  alertId: uuid("alert_id").primaryKey(),
  raisedAt: timestamp("raised_at", { withTimezone: true, mode: "date", precision: 6 }).notNull(),
});
