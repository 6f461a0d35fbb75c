/** Longer names are not compared: the cost of the distance is the product of both lengths. */
const LONGEST_COMPARED = 128;

/** Edits (insert, delete, replace, swap of neighbours) from `a` to `b`: optimal string alignment distance. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (beforePrevious[j - 2] ?? 0) + 1);
      row.push(best);
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}

const plain = (text: string): string => text.toLowerCase().replace(/[\s_.-]+/g, "_");

/**
 * Returns the known names, most similar to `name` first. When `name` is too long to compare, the order is
 * unchanged.
 */
export function nearestFirst(name: string, known: readonly string[]): string[] {
  const wanted = plain(name);
  if (wanted.length > LONGEST_COMPARED) return [...known];
  const distance = new Map(known.map((candidate) => [candidate, editDistance(wanted, plain(candidate))]));
  return [...known].sort((a, b) => (distance.get(a) ?? 0) - (distance.get(b) ?? 0));
}

/** Maximum number of known names that one message lists. */
const MAX_LISTED = 20;

/**
 * Returns the text for an unknown name: `did you mean "a"? known: a, b, …`. It lists the most similar known
 * names first, at most 20.
 */
export function knownNames(name: string, known: readonly string[]): string {
  if (known.length === 0) return "there are none";
  const near = nearestName(name, known);
  const listed = nearestFirst(name, known).slice(0, MAX_LISTED).join(", ");
  const more = known.length > MAX_LISTED ? ", …" : "";
  return `${near === null ? "" : `did you mean "${near}"? `}known: ${listed}${more}`;
}

/**
 * Returns the known name that the caller most likely meant, ignoring case, blanks and punctuation. Null when
 * no name is within a third of the name's length (at least two edits). Of equally near names, the earlier one
 * is returned.
 */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const wanted = plain(name);
  if (wanted.length > LONGEST_COMPARED) return null;
  let nearest: string | null = null;
  let least = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const other = plain(candidate);
    if (Math.abs(other.length - wanted.length) >= least) continue;
    const distance = editDistance(wanted, other);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}
