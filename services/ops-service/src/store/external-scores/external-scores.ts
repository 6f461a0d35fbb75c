import type { ExternalSource } from "@bellwether/config/external-sources";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import {
  type CheckedRow,
  checkRows,
  type ExternalScoreRow,
  type RejectedRow,
  type StoredExternalScore,
} from "../../domain/external-scores/external-score.ts";
import { appendEvents } from "../audit/audit-events.ts";
import type { Db, Transaction } from "../database.ts";

/** Scores of a source that are to be stored, and by whom. */
export interface ExternalImport {
  readonly source: ExternalSource;
  readonly rows: readonly ExternalScoreRow[];
  readonly isDryRun: boolean;
  readonly replaces: boolean;
  readonly actor: string;
  readonly at: Date;
  readonly eventId: string;
}

/** What an import has stored. */
export interface ImportedScores {
  readonly stored: number;
  readonly unchanged: number;
  readonly replaced: number;
  readonly rejected: readonly RejectedRow[];
}

/** Key of an advisory lock, an arbitrary number: imports of a source come one after another, so that each sees the scores of the others. */
const IMPORT_LOCK = 0x65787473;

/** Stores scores of a source row by row, and records it in the audit log. A dry run changes nothing. */
export async function importExternalScores({ db }: Transaction, request: ExternalImport): Promise<ImportedScores> {
  const { source, rows, isDryRun, replaces, actor, at, eventId } = request;
  await db.execute(sql`select pg_advisory_xact_lock(${IMPORT_LOCK}::int, hashtext(${source.name}))`);
  const { checked, rejected: wrong } = checkRows(rows, source, at.toISOString().slice(0, 10));
  const known = await readKnown(db, source.name, checked);
  const rejected: RejectedRow[] = [...wrong];
  const writes = new Map<string, { readonly supplier: number; readonly asOf: string; readonly score: number }>();
  const counts = { stored: 0, unchanged: 0, replaced: 0 };
  for (const { row, supplierId, asOf, score } of checked) {
    const found = known.get(keyOf({ supplierId, asOf }));
    if (!found) {
      rejected.push({
        row,
        reason: "unknown_supplier",
        message: `no supplier has the id ${JSON.stringify(supplierId)}`,
      });
      continue;
    }
    const key = keyOf({ supplierId, asOf });
    if (writes.has(key) || found.score === score) counts.unchanged++;
    else if (found.score !== null && !replaces) {
      const message = `the score ${found.score} is stored for ${asOf}; send replace to store ${score} instead`;
      rejected.push({ row, reason: "stored_differently", message });
    } else {
      writes.set(key, { supplier: found.supplier, asOf, score });
      if (found.score === null) counts.stored++;
      else counts.replaced++;
    }
  }
  const result = { ...counts, rejected: rejected.sort((a, b) => a.row - b.row) };
  if (isDryRun || writes.size === 0) return result;
  const values = sql.param(JSON.stringify([...writes.values()]));
  await db.execute(sql`
    insert into bellwether.external_score (supplier_id, source, as_of, score, imported_at, imported_by)
    select v.supplier, ${source.name}, v."asOf"::date, v.score, ${at.toISOString()}::timestamptz, ${actor}
    from jsonb_to_recordset(${values}::jsonb) as v(supplier int, "asOf" text, score float8)
    on conflict (supplier_id, source, as_of) do update
    set score = excluded.score, imported_at = excluded.imported_at, imported_by = excluded.imported_by`);
  const payload = JSON.stringify({ ...counts, rejected: rejected.length, replaces });
  const us = BigInt(at.getTime()) * 1000n;
  const subject = `external-source/${source.name}`;
  await appendEvents(db, [{ eventId, kind: "external_scores.imported", actor, subject, payload, occurredUs: us }], us);
  return result;
}

const keyOf = ({ supplierId, asOf }: Pick<CheckedRow, "supplierId" | "asOf">): string =>
  JSON.stringify([supplierId, asOf]);

/** Returns the supplier of each row that is known, with the score that is stored for its day. */
async function readKnown(
  db: Db,
  source: string,
  rows: readonly CheckedRow[],
): Promise<ReadonlyMap<string, { readonly supplier: number; readonly score: number | null }>> {
  const asked = sql.param(JSON.stringify(rows.map(({ supplierId, asOf }) => ({ supplierId, asOf }))));
  const { rows: found } = await db.execute<{
    supplierId: string;
    asOf: string;
    supplier: number;
    score: number | null;
  }>(sql`
    select v."supplierId", v."asOf", u.id as supplier, s.score
    from jsonb_to_recordset(${asked}::jsonb) as v("supplierId" text, "asOf" text)
    join bellwether.supplier u on u.external_id = v."supplierId"
    left join bellwether.external_score s on s.supplier_id = u.id and s.source = ${source} and s.as_of = v."asOf"::date`);
  return new Map(found.map(({ supplier, score, ...row }) => [keyOf(row), { supplier, score }]));
}

/**
 * Returns the latest score of each source for a supplier and those that are merged into it; of the same day, that of the supplier itself.
 * @param supplierId external id
 * @param isApart whether the suppliers of a merge are seen apart
 */
export async function readExternalScores(
  db: Db,
  supplierId: string,
  isApart: boolean,
): Promise<readonly StoredExternalScore[]> {
  const own = sql`(select id from bellwether.supplier where external_id = ${supplierId})`;
  const merged = sql`select merged_id from bellwether.supplier_merge where survivor_id = ${own} and undone_at is null`;
  const { rows } = await db.execute<{ source: string; score: number; asOf: string; supplierId: string }>(sql`
    select distinct on (s.source) s.source, s.score, s.as_of::text as "asOf", u.external_id as "supplierId"
    from bellwether.external_score s join bellwether.supplier u on u.id = s.supplier_id
    where s.supplier_id = any(array(select id from ${own} o(id)${isApart ? sql`` : sql` union all ${merged}`}))
    order by s.source, s.as_of desc, u.external_id <> ${supplierId}, u.id`);
  return rows.map((row) => ({ ...row, supplierId: row.supplierId === supplierId ? "" : row.supplierId }));
}
