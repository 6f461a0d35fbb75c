import { createNameEraser, type NameEraser } from "@bellwether/contract/erasure/name-eraser";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { OWN_RECORDER } from "../../domain/audit/audit-chain.ts";
import type { NotSearched } from "../../domain/erasures/not-searched.ts";
import { SupplierNotFoundError } from "../../domain/ops-error.ts";
import { appendEvents } from "../audit/audit-events.ts";
import type { Db, Transaction } from "../database.ts";
import { eraseNames } from "../erasures/erase-names.ts";
import { eraseReports } from "../erasures/erase-reports.ts";
import { recordErasure } from "../erasures/erasures.ts";
import { searchedNames } from "../erasures/searched-names.ts";
import { membersOf } from "../merges/members-of.ts";
import { eraseNotices, eraseOutcomeNotes, eraseOverrideReasons } from "./erase-texts.ts";
import { writeSearchKeys } from "./search-keys.ts";

/** Who asks for the erasure of the texts about a supplier, and why. */
export interface Erasure {
  readonly supplierId: string;
  readonly reason: string;
  readonly actor: string;
  readonly at: Date;
  readonly newId: () => string;
}

/** What was erased, of all suppliers of a merge together. */
export interface Erased {
  readonly payloads: number;
  readonly notes: number;
  readonly hadName: boolean;
  readonly reports: number;
  readonly notices: number;
  readonly outcomeNotes: number;
  readonly overrideReasons: number;
  /** Number of texts about something else in which a name was replaced. */
  readonly namedTexts: number;
  /** The other suppliers of the merge of the supplier. */
  readonly mergedSupplierIds: readonly string[];
  /** Suppliers whose names were not searched in other texts. */
  readonly notSearched: readonly NotSearched[];
  /** Rule sets whose rules have a name of the suppliers. */
  readonly ruleSets: readonly string[];
}

/** A supplier whose texts are erased. */
interface Subject {
  /** Null: no supplier has the id, but events are about it. */
  readonly number: number | null;
  readonly supplierId: string;
  readonly name: string;
}

const NOTHING = { payloads: 0, notes: 0, notices: 0, outcomeNotes: 0, overrideReasons: 0 };

/**
 * Erases the texts about a supplier and about the suppliers that are merged with it, which are the same company, in one transaction, and
 * records it.
 * @throws SupplierNotFoundError when no supplier has the id and no event is about it
 */
export async function eraseSubject(tx: Transaction, erasure: Erasure): Promise<Erased> {
  const { db } = tx;
  const { supplierId, reason, actor, at, newId } = erasure;
  const subjects = await readSubjects(db, supplierId);
  const { erasers, notSearched } = await searchedNames(db, subjects);
  const counts: Record<keyof typeof NOTHING, number> = { ...NOTHING };
  for (const subject of subjects) {
    const erased = await eraseTexts(tx, subject);
    for (const key of Object.keys(NOTHING) as (keyof typeof NOTHING)[]) counts[key] += erased[key];
  }
  // Last, so that a name is not searched in texts that are erased as a whole.
  const names = await eraseOtherTexts(db, erasers);
  const reports = await eraseReports(
    db,
    subjects.map((one) => one.supplierId),
    erasers,
  );
  // Answers that are kept for repeated requests are messages in base64. Without one, the request is performed again, which changes nothing.
  await db.execute(sql`update bellwether.request_key set answer = null where answer is not null`);
  const mergedSupplierIds = subjects.map((one) => one.supplierId).filter((id) => id !== supplierId);
  const erased = {
    ...{ ...counts, payloads: counts.payloads + names.payloads, reports },
    ...{ hadName: subjects.some(({ name }) => name !== ""), namedTexts: names.texts, mergedSupplierIds },
  };
  const us = BigInt(at.getTime()) * 1000n;
  // The reason is about this supplier, so its name is erased there also if it was not searched in other texts.
  const written = subjects.reduce((text, { name }) => createNameEraser(name)?.erase(text) ?? text, reason);
  for (const subject of subjects) {
    await recordErasure(db, { supplierId: subject.supplierId, actor, at });
    const isAsked = subject.supplierId === supplierId;
    const payload = JSON.stringify(
      isAsked ? { reason: written, ...erased } : { reason: written, mergedWith: supplierId },
    );
    const event = { eventId: newId(), kind: "subject.erased", actor, subject: subject.supplierId, payload };
    await appendEvents(db, [{ ...event, occurredUs: us }], us, OWN_RECORDER);
  }
  return { ...erased, notSearched, ruleSets: names.ruleSets };
}

/** Locks a supplier and those of the same merge, in the order of their numbers. @throws SupplierNotFoundError */
async function readSubjects(db: Db, supplierId: string): Promise<readonly Subject[]> {
  const { rows } = await db.execute<{ number: number; supplierId: string; name: string }>(sql`
    select u.id as number, u.external_id as "supplierId", u.name from bellwether.supplier u
    where u.id in (${membersOf(sql`(select id from bellwether.supplier where external_id = ${supplierId})`)})
    order by u.id for update`);
  if (rows.length > 0) return rows;
  const { rows: known } = await db.execute(
    sql`select 1 from bellwether.audit_event where subject = ${supplierId} limit 1`,
  );
  if (known.length === 0) throw new SupplierNotFoundError(supplierId);
  return [{ number: null, supplierId, name: "" }];
}

/** Erases the texts about one supplier. */
async function eraseTexts({ db, connection }: Transaction, subject: Subject): Promise<typeof NOTHING> {
  const { number, supplierId, name } = subject;
  // Every event is looked at again: some of them may have been erased before, and others recorded since.
  const alerts = sql`(select id from bellwether.alert where supplier_id = ${number}::int)`;
  const subjects = sql`subject = any(array_append(array(select id::text from ${alerts} a), ${supplierId}::text))`;
  const { rowCount: payloads } = await db.execute(sql`
    update bellwether.audit_event set payload = null, salt = null where payload is not null and kind not like 'subject.%' and ${subjects}`);
  const { rowCount: notes } = await db.execute(
    sql`update bellwether.alert_event set note = '' where note <> '' and alert_id in ${alerts}`,
  );
  const ofMerges = number === null ? 0 : await eraseMergeReasons(db, number);
  if (number !== null && name !== "") {
    await db.execute(sql`update bellwether.supplier set name = '' where id = ${number}`);
    await writeSearchKeys(connection, [{ id: number, externalId: supplierId, name: "" }]);
  }
  return {
    payloads: (payloads ?? 0) + (await erasePayloadsAbout(db, supplierId)),
    notes: (notes ?? 0) + ofMerges,
    notices: await eraseNotices(db, supplierId),
    outcomeNotes: await eraseOutcomeNotes(db, number),
    overrideReasons: await eraseOverrideReasons(db, alerts),
  };
}

/** Kinds of events with a reason of a person, whose subject is not the supplier but whose payload names it. */
const KINDS_ABOUT = [
  "outcomes.corrected",
  "suppliers.duplicate_dismissed",
  "suppliers.merge_undone",
  "suppliers.merged",
];

/** Erases the payloads of events that name the supplier: the other one of a merge, or that of an outcome. */
async function erasePayloadsAbout(db: Db, supplierId: string): Promise<number> {
  const { rowCount } = await db.execute(sql`
    update bellwether.audit_event set payload = null, salt = null
    where kind = any(${sql.param(KINDS_ABOUT)}::text[]) and payload is not null
      and ${supplierId}::text in (payload::jsonb ->> 'survivor', payload::jsonb ->> 'first', payload::jsonb ->> 'supplierId')`);
  return rowCount ?? 0;
}

/** Erases names of suppliers in the texts about anything else. */
async function eraseOtherTexts(db: Db, erasers: readonly NameEraser[]) {
  let [texts, payloads] = [0, 0];
  const ruleSets = new Set<string>();
  for (const eraser of erasers) {
    const found = await eraseNames(db, eraser);
    texts += found.texts;
    payloads += found.payloads;
    for (const id of found.ruleSets) ruleSets.add(id);
  }
  return { texts, payloads, ruleSets: [...ruleSets].sort() };
}

/** Erases why a supplier was merged or not. Returns the number of changed merges and dismissals. */
async function eraseMergeReasons(db: Db, supplier: number): Promise<number> {
  const { rowCount: merges } = await db.execute(sql`
    update bellwether.supplier_merge set reason = '', undo_reason = ''
    where (survivor_id = ${supplier}::int or merged_id = ${supplier}::int) and (reason <> '' or undo_reason <> '')`);
  const { rowCount: dismissals } = await db.execute(sql`
    update bellwether.supplier_dismissal set reason = ''
    where (first_id = ${supplier}::int or second_id = ${supplier}::int) and reason <> ''`);
  return (merges ?? 0) + (dismissals ?? 0);
}
