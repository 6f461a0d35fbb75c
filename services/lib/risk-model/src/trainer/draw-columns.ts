import type { Random } from "../random.ts";

/**
 * Draws k of the columns without replacement, in ascending order (Floyd's algorithm, CACM 30(9), 1987); all
 * columns when there are at most k.
 */
export function drawColumns(columns: Int32Array, k: number, random: Random): Int32Array {
  if (k >= columns.length) return columns;
  const drawn = new Set<number>();
  for (let j = columns.length - k; j < columns.length; j++) {
    const t = random.below(j + 1);
    drawn.add(drawn.has(t) ? j : t);
  }
  return Int32Array.from(drawn, (i) => columns[i]).sort();
}

/** Converts a share of the columns to a number of columns; at least one. */
export const columnCount = (columns: number, share: number): number => Math.max(1, Math.round(columns * share));
