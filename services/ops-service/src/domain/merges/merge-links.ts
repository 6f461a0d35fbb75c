/** Which suppliers are merged into which, by number. */
export interface MergeLinks {
  readonly isEmpty: boolean;
  /** Returns the survivor of a supplier: the supplier itself if it is not merged. */
  survivorOf(number: number): number;
  /** Returns all suppliers of a merge, the survivor first: the supplier alone if it has no merge. */
  membersOf(number: number): readonly number[];
  /** All suppliers that are merged or are a survivor. */
  readonly members: readonly number[];
}

/** @param merges in the order in which they were made */
export function mergeLinksOf(merges: readonly { readonly survivor: number; readonly merged: number }[]): MergeLinks {
  const survivors = new Map(merges.map(({ survivor, merged }) => [merged, survivor]));
  const groups = new Map<number, number[]>();
  for (const { survivor, merged } of merges) {
    const group = groups.get(survivor) ?? [survivor];
    group.push(merged);
    groups.set(survivor, group);
  }
  const survivorOf = (number: number): number => survivors.get(number) ?? number;
  return {
    isEmpty: merges.length === 0,
    survivorOf,
    membersOf: (number) => groups.get(survivorOf(number)) ?? [number],
    members: [...groups.values()].flat(),
  };
}

/** For callers with a scope: they see each supplier apart, because the others of a merge can be outside of the scope. */
export const NO_MERGES: MergeLinks = mergeLinksOf([]);

/** Adds the other suppliers of the same merges. */
export function withMembers(links: MergeLinks, numbers: readonly number[]): readonly number[] {
  if (links.isEmpty) return numbers;
  return [...new Set(numbers.flatMap((number) => links.membersOf(number)))];
}

/**
 * Returns the suppliers of a run that a list leaves out, because another supplier of the same merge represents them: the
 * survivor or, if the run has no score of the survivor, the one that was merged first.
 * @param scored the members of merges that have a score in the run
 */
export function representedIn(links: MergeLinks, scored: ReadonlySet<number>): readonly number[] {
  return [...scored].filter((number) => links.membersOf(number).find((member) => scored.has(member)) !== number);
}
