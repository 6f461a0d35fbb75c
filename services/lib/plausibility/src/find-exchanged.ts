import { type ColumnProfile, missingShare } from "./column-profile.ts";
import { isAlike } from "./find-renamed.ts";
import type { PreviousInput } from "./previous-input.ts";

/** Two columns of which each has values like those of the other one in the week before. */
export interface ExchangedColumns {
  readonly first: string;
  readonly second: string;
}

/** Number of values below which a distribution says little. */
const MIN_VALUES = 20;

/**
 * Finds pairs of columns whose values look exchanged: each is distributed like the other one in the week before, and not like
 * itself. A pair with similar distributions is not found, because nothing shows an exchange then.
 */
export function findExchanged(
  columns: readonly ColumnProfile[],
  previous: Pick<PreviousInput, "columns"> | null,
): ExchangedColumns[] {
  const earlier = new Map(previous?.columns.map((column) => [column.column, column]));
  const changed = columns.flatMap((now) => {
    const before = earlier.get(now.column);
    const isKnown = before !== undefined && hasValues(now) && hasValues(before);
    return isKnown && !isAlike(before, now) ? [{ now, before }] : [];
  });
  return changed.flatMap((a, i) =>
    changed
      .slice(i + 1)
      .filter((b) => isAlike(a.before, b.now) && isAlike(b.before, a.now))
      .map((b) => ({ first: a.now.column, second: b.now.column })),
  );
}

const hasValues = (column: ColumnProfile): boolean => column.rows * (1 - missingShare(column)) >= MIN_VALUES;
