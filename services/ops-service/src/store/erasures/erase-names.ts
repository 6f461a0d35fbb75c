import type { NameEraser } from "@bellwether/contract/erasure/name-eraser";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { eraseInJson } from "../../domain/erasures/erase-in-json.ts";
import { payloadHasName } from "../../domain/erasures/payload-has-name.ts";
import { nameKeyOf } from "../../domain/watchlists/watchlist.ts";
import type { Db } from "../database.ts";
import { KINDS_WITHOUT_TEXTS, NAMED_PLACES, type NamedPlace } from "./named-places.ts";

/** Number of payloads that one statement reads. */
const PAYLOADS = 100;

/** What was done about a name in texts about something else. */
export interface NamedTexts {
  /** Number of texts in which the name was replaced. */
  readonly texts: number;
  /** Number of events whose payload was erased. */
  readonly payloads: number;
  /** Rule sets whose rules have the name. They are not changed: their hash is recorded with runs. */
  readonly ruleSets: readonly string[];
}

/** Replaces a name in all texts of the database, and erases the payloads of events that have it. */
export async function eraseNames(db: Db, eraser: NameEraser): Promise<NamedTexts> {
  let texts = await eraseWatchlistNames(db, eraser);
  for (const place of NAMED_PLACES) texts += await erasePlace(db, place, eraser);
  return { texts, payloads: await erasePayloads(db, eraser), ruleSets: await ruleSetsWith(db, eraser) };
}

const canHave = (text: SQL, { likePatterns }: NameEraser): SQL =>
  sql`${text} ilike any(${sql.param([...likePatterns])}::text[])`;

/** Returns the number of changed texts. A cursor reads the rows that can have the name, one by one. */
async function erasePlace(db: Db, { table, column, paths }: NamedPlace, eraser: NameEraser): Promise<number> {
  const [from, text] = [sql`bellwether.${sql.identifier(table)}`, sql`${sql.identifier(column)}`];
  await db.execute(
    sql`declare named_texts no scroll cursor for select ${text}::text as text from ${from} where ${canHave(sql`${text}::text`, eraser)} for update`,
  );
  let changed = 0;
  for (;;) {
    const { rows } = await db.execute<{ text: string }>(sql`fetch 1 from named_texts`);
    const [row] = rows;
    if (!row) break;
    const erased = erasedText(row.text, paths, eraser);
    if (erased === null) continue;
    const value = paths ? sql`${erased}::jsonb` : sql`${erased}`;
    await db.execute(sql`update ${from} set ${text} = ${value} where current of named_texts`);
    changed++;
  }
  await db.execute(sql`close named_texts`);
  return changed;
}

/** Returns a text without the name. Null: it does not have the name. */
function erasedText(text: string, paths: NamedPlace["paths"], eraser: NameEraser): string | null {
  if (paths === null) {
    const erased = eraser.erase(text);
    return erased === text ? null : erased;
  }
  const value: unknown = JSON.parse(text);
  const erased = eraseInJson(value, paths, eraser);
  return erased === value ? null : JSON.stringify(erased);
}

/** The names of the lists of a person are different: a changed name ends with a part of the id of its list. */
async function eraseWatchlistNames(db: Db, eraser: NameEraser): Promise<number> {
  const { rows } = await db.execute<{ id: string; name: string }>(
    sql`select id, name from bellwether.watchlist where ${canHave(sql`name`, eraser)} for update`,
  );
  let changed = 0;
  for (const { id, name } of rows) {
    const erased = eraser.erase(name);
    if (erased === name) continue;
    const unique = `${erased} ${id.slice(0, 8)}`;
    await db.execute(sql`
      update bellwether.watchlist set name = ${unique}, name_key = ${nameKeyOf(unique)}, version = version + 1 where id = ${id}::uuid`);
    changed++;
  }
  return changed;
}

/** Erases the payloads that have the name in a text. Events about erasures and removals keep theirs, which have no names. */
async function erasePayloads(db: Db, eraser: NameEraser): Promise<number> {
  // The kinds are found in the index, one look-up each.
  const { rows: kinds } = await db.execute<{ kind: string }>(sql`
    with recursive kinds as (
      (select kind from bellwether.audit_event order by kind limit 1)
      union all
      select (select e.kind from bellwether.audit_event e where e.kind > k.kind order by e.kind limit 1)
      from kinds k where k.kind is not null
    ) select kind from kinds where kind is not null and kind not like 'subject.%' and kind not like 'retention.%'`);
  const searched = kinds.map(({ kind }) => kind).filter((kind) => !KINDS_WITHOUT_TEXTS.has(kind));
  const { rows: found } = await db.execute<{ sequence: number }>(sql`
    select sequence::float8 as sequence from bellwether.audit_event
    where kind = any(${sql.param(searched)}::text[]) and ${canHave(sql`payload`, eraser)}`);
  let erased = 0;
  for (let i = 0; i < found.length; i += PAYLOADS) {
    const part = found.slice(i, i + PAYLOADS).map(({ sequence }) => sequence);
    const { rows } = await db.execute<{ sequence: number; kind: string; payload: string }>(sql`
      select sequence::float8 as sequence, kind, payload from bellwether.audit_event
      where sequence = any(${sql.param(part)}::bigint[]) and payload is not null`);
    const hits = rows.filter(({ kind, payload }) => payloadHasName(kind, payload, eraser));
    const { rowCount } = await db.execute(sql`
      update bellwether.audit_event set payload = null, salt = null
      where sequence = any(${sql.param(hits.map(({ sequence }) => sequence))}::bigint[])`);
    erased += rowCount ?? 0;
  }
  return erased;
}

/** Returns the ids of the rule sets whose drafts or activations have the name, in their order. */
async function ruleSetsWith(db: Db, eraser: NameEraser): Promise<readonly string[]> {
  const { rows } = await db.execute<{ id: string; rules: string }>(sql`
    select set_id as id, rules_yaml as rules from bellwether.rule_draft where ${canHave(sql`rules_yaml`, eraser)}
    union all
    select set_id, rules_yaml from bellwether.rule_activation where ${canHave(sql`rules_yaml`, eraser)}`);
  const ids = rows.filter(({ rules }) => eraser.erase(rules) !== rules).map(({ id }) => id);
  return [...new Set(ids)].sort();
}
