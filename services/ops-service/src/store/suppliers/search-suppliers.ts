import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import { type MergeLinks, NO_MERGES } from "../../domain/merges/merge-links.ts";
import { type SearchQuery, searchesInside, searchQuery } from "../../domain/suppliers/search-key.ts";
import type { Identifier, MatchKind, SearchResult } from "../../domain/suppliers/supplier.ts";
import type { Db } from "../database.ts";
import type { LabelTexts } from "../scores/label-texts.ts";
import { readScores, type ScoreRow, scoreOf } from "../scores/score-rows.ts";
import { latestScoredRun } from "../scores/scored-runs.ts";
import { listScoringModels } from "../scores/scoring-models.ts";
import { numberInScope } from "../supplier-scopes.ts";
import { escapeLike, INDEXED } from "./key-contains.ts";
import { shownFor, withSurvivors } from "./run-merges.ts";
import { readSuppliers } from "./supplier-rows.ts";

/** A supplier that matches a query. */
export interface FoundSupplier {
  readonly number: number;
  readonly match: MatchKind;
  readonly identifier: Identifier | null;
}

interface FoundRow extends Record<string, unknown> {
  readonly number: number;
  readonly match: MatchKind;
  readonly kind: string | null;
  readonly value: string | null;
}

/** Minimum number of names that contain the query among which the best ones are chosen. */
const MIN_NAMES = 1_000;
/** Minimum number of names that are compared with the query for their similarity. */
const MIN_SIMILAR = 3_000;
/** Minimum share of the query's trigrams that a similar name has: one of six letters may be wrong. */
const MIN_SIMILARITY = 0.35;
/** Minimum length of a half: the index finds no shorter part of a text. */
const MIN_HALF = 3;
/** Minimum length of a word in whose middle an error is found: a shorter word has too few trigrams without the error. */
const MIN_MIDDLE = 6;
/** Maximum length of a word that is compared with swapped letters. */
const MAX_SWAPPED = 24;
/** Maximum number of words of a query that are searched inside names; further words are ignored. */
const MAX_WORDS = 8;
/** The last character of Unicode, which is greater than every continuation of a prefix. */
const LAST_CHARACTER = "\u{10FFFF}";

/**
 * Finds suppliers, best match first: whole ids and identifiers, then ids, identifiers and names that begin with
 * the query, then names that contain all its words, then, if there is nothing else, similar names. A query below
 * `MIN_INNER_CHARACTERS` finds only beginnings. Suppliers outside of the scope are not found, and decide nothing.
 */
export async function findMatches(
  db: Db,
  query: string,
  limit: number,
  scope: SupplierScope | undefined,
): Promise<readonly FoundSupplier[]> {
  return (await findRows(db, query, { limit, scope, isOrdered: true })).map(foundOf);
}

/** Finds the numbers of the same suppliers. When there are more than the limit, names inside of which the query is are any of them. */
export async function findNumbers(
  db: Db,
  query: string,
  limit: number,
  scope: SupplierScope | undefined,
): Promise<readonly number[]> {
  return (await findRows(db, query, { limit, scope, isOrdered: false })).map(({ number }) => number);
}

interface FindOptions {
  readonly limit: number;
  readonly scope: SupplierScope | undefined;
  /** Whether names that contain the query are ordered. */
  readonly isOrdered: boolean;
}

async function findRows(db: Db, query: string, options: FindOptions): Promise<readonly FoundRow[]> {
  const { limit, scope } = options;
  const keys = searchQuery(query);
  if (keys.text === "") return [];
  const beginnings = distinct((await db.execute<FoundRow>(beginningsSql(keys, limit, scope))).rows);
  const inside = searchesInside(keys) ? insideSql(keys, options) : undefined;
  if (beginnings.length >= limit || !inside) return beginnings.slice(0, limit);
  const found = distinct([...beginnings, ...(await readNumbers(db, inside, "name"))]);
  if (found.length > 0) return found.slice(0, limit);
  const similarNames = similarSql(keys, limit, scope);
  return similarNames ? await readNumbers(db, similarNames, "similar_name") : [];
}

async function readNumbers(db: Db, query: SQL, match: MatchKind): Promise<readonly FoundRow[]> {
  const { rows } = await db.execute<{ number: number }>(query);
  return rows.map(({ number }) => ({ number, match, kind: null, value: null }));
}

/** Returns the SQL of whole and begun ids, identifiers and names. Each part reads at most `limit` index entries. */
function beginningsSql({ text, identifier }: SearchQuery, limit: number, scope: SupplierScope | undefined): SQL {
  const most = sql`limit ${limit}::int`;
  const all = (where: SQL, number: SQL): SQL => sql.join([where, ...numberInScope(scope, number)], sql` and `);
  const begins = (column: SQL, start: string): SQL =>
    sql`${column} >= ${start} and ${column} < ${start + LAST_CHARACTER}`;
  const suppliers = (rank: number, match: MatchKind, where: SQL, key: SQL): SQL => sql`(
    select k.supplier_id as number, ${match}::text as match, null::text as kind, null::text as value,
      ${rank}::int as rank, ${key} as key
    from bellwether.supplier_search k where ${all(where, sql`k.supplier_id`)} order by ${key}, k.supplier_id ${most})`;
  const identifiers = (rank: number, where: SQL): SQL => sql`(
    select i.supplier_id, 'identifier', i.kind, i.value, ${rank}::int, i.key
    from bellwether.supplier_identifier i where ${all(where, sql`i.supplier_id`)} order by i.key ${most})`;
  const [idKey, nameKey] = [sql`k.id_key`, sql`k.name_key`];
  const parts = [
    suppliers(0, "supplier_id", sql`${idKey} = ${text}`, idKey),
    suppliers(2, "supplier_id", begins(idKey, text), idKey),
    suppliers(4, "name", begins(nameKey, text), nameKey),
    ...(identifier === ""
      ? []
      : [identifiers(1, sql`i.key = ${identifier}`), identifiers(3, begins(sql`i.key`, identifier))]),
  ];
  return sql`select number, match, kind, value from (${sql.join(parts, sql` union all `)}) f order by rank, key, number`;
}

/**
 * Returns the SQL of names that contain all words of the query. Ordered, names in which the query begins a word come first.
 * Undefined: no word is long enough for the index.
 */
function insideSql({ text }: SearchQuery, { limit, scope, isOrdered }: FindOptions): SQL | undefined {
  const words = text.split(" ").slice(0, MAX_WORDS);
  if (!words.some((word) => INDEXED.test(word))) return undefined;
  const contains = (part: string): SQL => sql`k.name_key like ${`%${escapeLike(part)}%`}`;
  const matching = sql.join([...words.map(contains), ...numberInScope(scope, sql`k.supplier_id`)], sql` and `);
  if (!isOrdered)
    return sql`select k.supplier_id as number from bellwether.supplier_search k where ${matching} limit ${limit}::int`;
  return sql`
    select number from (
      select k.supplier_id as number, k.name_key from bellwether.supplier_search k
      where ${matching} limit ${Math.max(limit, MIN_NAMES)}::int
    ) k order by k.name_key not like ${`% ${escapeLike(text)}%`}, k.name_key, number limit ${limit}::int`;
}

/**
 * Returns the SQL of names that are similar to the query, most similar first. An error in a word leaves its first or
 * its second half as it is, unless it is in the middle, so a name must contain one of both, or the word without an error
 * in its middle, for each word. This reads far fewer names than the similarity operators of pg_trgm, which compare every name that has some of the query's trigrams. Undefined: no half
 * is long enough for the index.
 */
function similarSql({ text }: SearchQuery, limit: number, scope: SupplierScope | undefined): SQL | undefined {
  const hasHalf = (word: string): SQL[] => {
    const letters = [...word];
    const half = Math.max(MIN_HALF, Math.ceil(letters.length / 2));
    const parts = [letters.slice(0, half), letters.slice(-half)].map((part) => part.join(""));
    const indexed = [
      ...parts.filter((part) => INDEXED.test(part)).map(escapeRegex),
      ...(letters.length < MIN_MIDDLE || !INDEXED.test(word) ? [] : middleErrors(letters)),
    ];
    // As one pattern per word, all words are searched in one scan of the index, which skips what the rarest excludes.
    return indexed.length === 0 ? [] : [sql`k.name_key ~ ${`(${indexed.join("|")})`}`];
  };
  const halves = text.split(" ").flatMap(hasHalf).slice(0, MAX_WORDS);
  if (halves.length === 0) return undefined;
  // Two swapped letters leave so few trigrams of a short word that it is not similar any more.
  const swapped = text
    .split(" ")
    .slice(0, MAX_WORDS)
    .map((word) => sql`n.name_key ~ ${`(${[word, ...swapsOf(word)].map(escapeRegex).join("|")})`}`);
  return sql`
    select number from (
      select k.supplier_id as number, k.name_key, word_similarity(${text}, k.name_key) as similarity from (
        select k.supplier_id, k.name_key from bellwether.supplier_search k
        where ${sql.join([...halves, ...numberInScope(scope, sql`k.supplier_id`)], sql` and `)} limit ${Math.max(limit, MIN_SIMILAR)}::int
      ) k
    ) n where similarity >= ${MIN_SIMILARITY}::real or (${sql.join(swapped, sql` and `)}) order by similarity desc, name_key, number limit ${limit}::int`;
}

/** Returns all words that differ from a word by two neighbouring letters that are swapped. */
function swapsOf(word: string): string[] {
  const letters = [...word];
  if (letters.length > MAX_SWAPPED) return [];
  return letters.slice(1).map((letter, i) =>
    letters
      .with(i, letter)
      .with(i + 1, letters[i] ?? "")
      .join(""),
  );
}

/** Returns patterns of the words that a word with an error in its middle can stand for. */
function middleErrors(letters: readonly string[]): string[] {
  const middle = Math.floor(letters.length / 2);
  const text = (from: number, to: number): string => escapeRegex(letters.slice(from, to).join(""));
  /** Two neighbours were swapped. @param at position of the second one */
  const swappedBack = (at: number): string =>
    `${text(0, at - 1)}${text(at, at + 1)}${text(at - 1, at)}${text(at + 1, letters.length)}`;
  if (letters.length % 2 === 0) return [swappedBack(middle)];
  // The letter in the middle is in both halves, because this letter can be wrong, superfluous, or swapped with a
  // neighbour.
  return [swappedBack(middle), swappedBack(middle + 1), `${text(0, middle)}.?${text(middle + 1, letters.length)}`];
}

/** Escapes the special characters of a regular expression. */
function escapeRegex(text: string): string {
  return text.replace(/[^\p{L}\p{N}]/gu, (character) => `\\${character}`);
}

/** Leaves out rows of suppliers that a better row has. */
function distinct(rows: readonly FoundRow[]): FoundRow[] {
  return firstOfEach(rows, ({ number }) => number);
}

function firstOfEach<T>(rows: readonly T[], keyOf: (row: T) => number): T[] {
  const seen = new Set<number>();
  return rows.filter((row) => {
    const isFirst = !seen.has(keyOf(row));
    seen.add(keyOf(row));
    return isFirst;
  });
}

function foundOf({ number, match, kind, value }: FoundRow): FoundSupplier {
  return { number, match, identifier: kind === null || value === null ? null : { kind, value } };
}

export interface SearchOptions {
  readonly labelTexts: LabelTexts;
  readonly links: MergeLinks;
}

/**
 * Finds suppliers with their scores by one model, best match first. For a merged supplier, the result is its survivor.
 * @throws ModelNotScoredError
 */
export async function searchSuppliers(
  db: Db,
  {
    query,
    limit,
    modelName: wanted,
    scope,
  }: {
    readonly query: string;
    readonly limit: number;
    readonly modelName: string;
    readonly scope: SupplierScope | undefined;
  },
  { labelTexts, links: all }: SearchOptions,
): Promise<SearchResult> {
  const links = scope ? NO_MERGES : all;
  const [run, found] = await Promise.all([
    listScoringModels(db).then((models) => latestScoredRun(db, models, wanted)),
    findMatches(db, query, limit + 1, scope),
  ]);
  const modelName = run?.modelName ?? "";
  const shown = distinctSurvivors(found.slice(0, limit), links);
  const numbers = shown.map(({ number }) => number);
  const scorable = links.isEmpty ? numbers : [...new Set(numbers.flatMap((number) => links.membersOf(number)))];
  const [suppliers, scores] = await Promise.all([
    readSuppliers(db, withSurvivors(links, scorable), {
      ...{ modelName, withIdentifiers: true, withMerges: !links.isEmpty, labelTexts },
    }),
    run ? readScores(db, run, scorable) : new Map<number, ScoreRow>(),
  ]);
  const matches = shown.flatMap(({ number, match, identifier }) => {
    const supplier = suppliers.get(links.survivorOf(number));
    if (!supplier) return [];
    const scored = links.membersOf(number).find((member) => scores.has(member)) ?? number;
    const row = scores.get(scored);
    const { scoredSupplierId = "" } = shownFor(scored, suppliers, links) ?? {};
    const latestScore = row && run ? scoreOf(row, run, suppliers.get(scored)?.exposure ?? null) : null;
    const { scoredSupplierId: mergedSupplierId = "" } = shownFor(number, suppliers, links) ?? {};
    return [
      {
        supplier: { ...supplier, latestScore: latestScore && { ...latestScore, scoredSupplierId } },
        ...{ kind: match, identifier, mergedSupplierId },
      },
    ];
  });
  return { matches, isTruncated: found.length > limit, modelName };
}

/** Leaves out matches whose survivor has a better match. */
function distinctSurvivors(found: readonly FoundSupplier[], links: MergeLinks): readonly FoundSupplier[] {
  if (links.isEmpty) return found;
  return firstOfEach(found, ({ number }) => links.survivorOf(number));
}
