import { nearestName } from "@bellwether/contract/nearest-name";
import { type ColumnProfile, missingShare, topShare } from "./column-profile.ts";

/** A column that is likely a missing column under another name. */
export interface RenamedColumn {
  readonly to: string;
  readonly byName: boolean;
  /** Whether its values are distributed like those of the missing column in the week before. */
  readonly byDistribution: boolean;
}

/**
 * Finds the column that is most likely `column` under another name: one whose name contains the words of the other
 * or is nearly equal, and one whose values are distributed alike. Null: none.
 * @param before profile of the missing column in the week before. Null: not known
 * @param candidates columns of the file that the mapping does not read; the profile is null when it is not known
 */
export function findRenamed(
  column: string,
  before: ColumnProfile | null,
  candidates: readonly { readonly column: string; readonly profile: ColumnProfile | null }[],
): RenamedColumn | null {
  const near = likelyName(
    column,
    candidates.map((candidate) => candidate.column),
  );
  const alike = candidates.filter(({ profile }) => before !== null && profile !== null && isAlike(before, profile));
  const both = alike.find((candidate) => candidate.column === near);
  if (both) return { to: both.column, byName: true, byDistribution: true };
  if (near !== null) return { to: near, byName: true, byDistribution: false };
  // Several columns may be distributed alike, so the values alone decide only when there is a single one.
  const [only, ...others] = alike;
  return only && others.length === 0 ? { to: only.column, byName: false, byDistribution: true } : null;
}

/**
 * Returns the name that is most likely a new name of `name`: with all its words and others ("spend" → "spend_usd"), or
 * with some of its words only, or nearly equal. Null: none.
 */
export function likelyName(name: string, candidates: readonly string[]): string | null {
  const words = wordsOf(name);
  const longer = candidates.filter((candidate) => isSubset(words, wordsOf(candidate)));
  const shortest = longer.toSorted((a, b) => a.length - b.length)[0];
  if (shortest !== undefined) return shortest;
  const nearest = nearestName(name, candidates);
  if (nearest !== null) return nearest;
  const shorter = candidates.filter((candidate) => isSubset(wordsOf(candidate), words));
  return shorter.toSorted((a, b) => b.length - a.length)[0] ?? null;
}

/** Words of a column name, lower case: split at blanks, punctuation and before capitals. */
function wordsOf(name: string): ReadonlySet<string> {
  const spaced = name.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2").toLowerCase();
  return new Set(spaced.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== ""));
}

function isSubset(words: ReadonlySet<string>, of: ReadonlySet<string>): boolean {
  return words.size > 0 && words.isSubsetOf(of);
}

/** Maximum difference of two quantiles as a share of the 5 to 95 % range, and of two shares. */
const TOLERANCE = 0.1;

/** Whether two columns have the same kind, similar quantiles, and a similar share of missing values. */
export function isAlike(a: ColumnProfile, b: ColumnProfile): boolean {
  if (a.kind !== b.kind || a.kind === "empty") return false;
  if (Math.abs(missingShare(a) - missingShare(b)) > TOLERANCE) return false;
  if (Math.abs(topShare(a) - topShare(b)) > TOLERANCE) return false;
  if (a.numbers === null || b.numbers === null) {
    const [less, more] = [Math.min(a.distinct, b.distinct), Math.max(a.distinct, b.distinct)];
    return a.topValue === b.topValue && more <= less * (1 + TOLERANCE);
  }
  const [p, q] = [a.numbers, b.numbers];
  const range = p.p95 - p.p05;
  const names = ["p05", "p25", "median", "p75", "p95"] as const;
  return names.every((name) => Math.abs(p[name] - q[name]) <= TOLERANCE * range);
}
