import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { IdentityPair, MergeTransaction } from "../../domain/merges/merge-suppliers.ts";
import { appendEvents } from "../audit/audit-events.ts";
import type { Db, InTransaction } from "../database.ts";
import { supplierDismissal, supplierMerge } from "../merge-schema.ts";
import { readDismissals } from "./duplicates.ts";
import { findIdentities } from "./identities.ts";
import { readMerges } from "./merges.ts";

/** Key of an advisory lock, an arbitrary number: merges change one after another. */
const MERGE_LOCK = 724_019;

/** Creates a function that changes merges in one transaction. */
export function createMergeTransaction(
  inTransaction: InTransaction,
  { now, newId }: { readonly now: () => Date; readonly newId: () => string },
) {
  return <T>(work: (transaction: MergeTransaction) => Promise<T>): Promise<T> =>
    inTransaction(({ db }) =>
      work({
        ...mergeWrites(db, newId),
        async lock(supplierIds) {
          await db.execute(sql`select pg_advisory_xact_lock(${MERGE_LOCK})`);
          // In the order of the numbers, as everyone locks suppliers.
          await db.execute(sql`
            select from bellwether.supplier where external_id = any(${sql.param([...supplierIds])}::text[])
            order by id for update`);
          return await findIdentities(db, supplierIds);
        },
        async appendAudit({ payload, ...event }) {
          const us = BigInt(now().getTime()) * 1000n;
          const record = { ...event, payload: JSON.stringify(payload), eventId: newId(), occurredUs: us };
          await appendEvents(db, [record], us);
        },
      }),
    );
}

/** The sequence is read under the lock of merges, so that readers see the changes in the order of their numbers. */
const nextChange = sql`nextval('bellwether.supplier_merge_change')`;

function mergeWrites(db: Db, newId: () => string): Omit<MergeTransaction, "lock" | "appendAudit"> {
  return {
    async activeMerge({ number }) {
      return (await readMerges(db, sql`m.merged_id = ${number}::int and m.undone_at is null`, 1))[0];
    },
    async countMerged({ number }) {
      const { rows } = await db.execute<{ ofSurvivor: number; all: number }>(sql`
        select count(*) filter (where survivor_id = ${number}::int)::int as "ofSurvivor", count(*)::int as all
        from bellwether.supplier_merge where undone_at is null`);
      const [counted] = rows;
      if (!counted) throw new Error("the merges were not counted");
      return counted;
    },
    async addMerge(survivor, merged, { evidence, reason, mergedBy, mergedAt }) {
      const id = newId();
      await db.insert(supplierMerge).values({
        ...{ id, survivorId: survivor.number, mergedId: merged.number },
        ...{ evidence, reason, mergedBy, mergedAt, change: nextChange },
      });
      return id;
    },
    async findMerge(mergeId) {
      return (await readMerges(db, sql`m.id = ${mergeId}::uuid`, 1))[0];
    },
    async undoMerge(mergeId, { by, at, reason }) {
      await db
        .update(supplierMerge)
        .set({ undoneBy: by, undoneAt: at, undoReason: reason, change: nextChange })
        .where(sql`id = ${mergeId}::uuid`);
    },
    async findDismissal({ first, second }: IdentityPair) {
      const suppliers = new Map([first, second].map((one) => [one.number, one]));
      return [...(await readDismissals(db, suppliers)).values()][0];
    },
    async writeDismissal({ first, second, digests }, dismissal) {
      const [firstDigest, secondDigest] = digests;
      const values = { firstDigest, secondDigest, ...dismissal };
      await db
        .insert(supplierDismissal)
        .values({ firstId: first.number, secondId: second.number, ...values })
        .onConflictDoUpdate({ target: [supplierDismissal.firstId, supplierDismissal.secondId], set: values });
    },
  };
}
