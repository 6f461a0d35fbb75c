import { eraseFromReport } from "@bellwether/contract/erase-from-report";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import { OWN_RECORDER } from "../../domain/audit/audit-chain.ts";

import { SupplierNotFoundError } from "../../domain/ops-error.ts";
import { appendEvents } from "../audit/audit-events.ts";
import type { Transaction } from "../database.ts";
import { recordErasure } from "../erasures/erasures.ts";
import { eraseNotices, eraseOutcomeNotes, eraseOverrideReasons } from "./erase-texts.ts";
import { writeSearchKeys } from "./search-keys.ts";

/** Who asks for the erasure of the texts about a supplier, and why. */
export interface Erasure {
  readonly supplierId: string;
  readonly reason: string;
  readonly actor: string;
  readonly at: Date;
  readonly eventId: string;
}

/** What was erased. */
export interface Erased {
  readonly payloads: number;
  readonly notes: number;
  readonly hadName: boolean;
  readonly reports: number;
  readonly notices: number;
  readonly outcomeNotes: number;
  readonly overrideReasons: number;
}

/**
 * Erases the texts about a supplier in one transaction, and records it.
 * @throws SupplierNotFoundError when no supplier has the id and no event is about it
 */
export async function eraseSubject({ db, connection }: Transaction, erasure: Erasure): Promise<Erased> {
  const { supplierId, reason, actor, at, eventId } = erasure;
  const { rows: suppliers } = await db.execute<{ id: number; name: string }>(
    sql`select id, name from bellwether.supplier where external_id = ${supplierId} for update`,
  );
  const [supplier] = suppliers;
  // Every event is looked at again: some of them may have been erased before, and others recorded since.
  const alerts = sql`(select id from bellwether.alert where supplier_id = ${supplier?.id ?? null}::int)`;
  const subjects = sql`subject = any(array_append(array(select id::text from ${alerts} a), ${supplierId}::text))`;
  const { rows: known } = await db.execute(
    sql`select 1 from bellwether.audit_event where subject = ${supplierId} limit 1`,
  );
  if (!supplier && known.length === 0) throw new SupplierNotFoundError(supplierId);
  const { rowCount: payloads } = await db.execute(sql`
    update bellwether.audit_event set payload = null, salt = null where payload is not null and kind not like 'subject.%' and ${subjects}`);
  const { rowCount: notes } = await db.execute(
    sql`update bellwether.alert_event set note = '' where note <> '' and alert_id in ${alerts}`,
  );
  const ofMerges = supplier ? await eraseMergeReasons(db, supplier.id) : 0;
  const hadName = supplier !== undefined && supplier.name !== "";
  if (supplier && hadName) {
    await db.execute(sql`update bellwether.supplier set name = '' where id = ${supplier.id}`);
    await writeSearchKeys(connection, [{ id: supplier.id, externalId: supplierId, name: "" }]);
  }
  const reports = await eraseReports({ db, connection }, supplierId, supplier?.name ?? "");
  const elsewhere = {
    notices: await eraseNotices(db, supplierId),
    outcomeNotes: await eraseOutcomeNotes(db, supplier?.id ?? null),
    overrideReasons: await eraseOverrideReasons(db, alerts),
  };
  const erased = { payloads: payloads ?? 0, notes: (notes ?? 0) + ofMerges, hadName, reports, ...elsewhere };
  await recordErasure(db, { supplierId, actor, at });
  const us = BigInt(at.getTime()) * 1000n;
  const payload = JSON.stringify({ reason, ...erased });
  const event = { eventId, kind: "subject.erased", actor, subject: supplierId, payload, occurredUs: us };
  await appendEvents(db, [event], us, OWN_RECORDER);
  return erased;
}

/** Erases why a supplier was merged or not. Returns the number of changed merges and dismissals. */
async function eraseMergeReasons(db: Transaction["db"], supplier: number): Promise<number> {
  const { rowCount: merges } = await db.execute(sql`
    update bellwether.supplier_merge set reason = '', undo_reason = ''
    where (survivor_id = ${supplier}::int or merged_id = ${supplier}::int) and (reason <> '' or undo_reason <> '')`);
  const { rowCount: dismissals } = await db.execute(sql`
    update bellwether.supplier_dismissal set reason = ''
    where (first_id = ${supplier}::int or second_id = ${supplier}::int) and reason <> ''`);
  return (merges ?? 0) + (dismissals ?? 0);
}

/** Reports are read one by one: a report has some hundred kilobytes. Returns the number of changed ones. */
async function eraseReports({ db }: Transaction, supplierId: string, name: string): Promise<number> {
  const texts = [supplierId, name].filter((text) => text !== "").map((text) => JSON.stringify(text).slice(1, -1));
  const { rows: found } = await db.execute<{ id: number }>(sql`
    select run_id as id from bellwether.run_report
    where exists (select from unnest(${sql.param(texts)}::text[]) t where strpos(report, t) > 0) order by run_id`);
  let changed = 0;
  for (const { id } of found) {
    const { rows } = await db.execute<{ report: string }>(
      sql`select report from bellwether.run_report where run_id = ${id} for update`,
    );
    const erased = eraseFromReport(rows[0]?.report ?? "{}", supplierId, name);
    if (erased === null) continue;
    await db.execute(sql`update bellwether.run_report set report = ${erased} where run_id = ${id}`);
    changed++;
  }
  return changed;
}
