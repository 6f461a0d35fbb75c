import { eq } from "@bellwether/postgres/drizzle/drizzle";
import type { NoticeTransaction } from "../../domain/notices/notice-actions.ts";
import { appendEvents } from "../audit/audit-events.ts";
import type { InTransaction } from "../database.ts";
import { notice, noticeDestination } from "../notice-schema.ts";
import { claimKey, createRequestKeyStore } from "../request-keys.ts";

export interface NoticeTransactionOptions {
  readonly now: () => Date;
  readonly newId: () => string;
  readonly newNoticeId: (now: Date) => string;
  /** Page of the alerts. Null: not known. */
  readonly pageUrl: string | null;
}

/** Creates a function that runs a person's action on notices in one transaction. */
export function createNoticeTransact(
  inTransaction: InTransaction,
  { now, newId, newNoticeId, pageUrl }: NoticeTransactionOptions,
) {
  return <T>(actor: string, work: (transaction: NoticeTransaction) => Promise<T>): Promise<T> =>
    inTransaction(async ({ db }) => {
      const at = now();
      return work({
        claim: (key) => claimKey(db, key),
        async storeAnswer(key, answer) {
          await createRequestKeyStore(db).storeAnswer(key, answer);
        },
        async lock(noticeId) {
          return (await db.select().from(notice).where(eq(notice.id, noticeId)).for("update"))[0];
        },
        async stateOf(name) {
          return (await db.select().from(noticeDestination).where(eq(noticeDestination.name, name)).for("update"))[0];
        },
        async replay(noticeId) {
          const waits = { state: "waiting", tried: 0, nextAttemptAt: at, finishedAt: null } as const;
          const [replayed] = await db.update(notice).set(waits).where(eq(notice.id, noticeId)).returning();
          if (!replayed) throw new Error(`the notice ${noticeId} is gone`);
          return replayed;
        },
        async addTest({ name: destination, channel }, recipient) {
          const values = { id: newNoticeId(at), destination, channel, kind: "test", recipient, pageUrl } as const;
          const contents = { items: [], droppedItems: 0, createdAt: at, nextAttemptAt: at };
          const [made] = await db
            .insert(notice)
            .values({ ...values, ...contents })
            .returning();
          if (!made) throw new Error("the test notice was not stored");
          return made;
        },
        async enable(name) {
          const enabled = { disabledAt: null, reason: "" };
          await db.update(noticeDestination).set(enabled).where(eq(noticeDestination.name, name));
        },
        async appendAudit({ payload, ...event }) {
          const us = BigInt(at.getTime()) * 1000n;
          const whole = { ...event, actor, payload: JSON.stringify(payload), eventId: newId(), occurredUs: us };
          await appendEvents(db, [whole], us);
        },
      });
    });
}
