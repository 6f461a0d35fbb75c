import type { ChangeVariable } from "./change-variable.ts";

/** The usable options of a variable, cheapest first. */
export interface OptionOrder {
  /** Options other than the current one. */
  readonly options: Int32Array;
  /** Cost of each, ascending. */
  readonly costs: Float64Array;
  /** Lowest change of the output among this option and all cheaper ones. */
  readonly lowest: Float64Array;
}

/** Sorts the options of a variable by cost. @param single Change of the output by option. */
export function orderOptions({ costs, current }: ChangeVariable, single: Float64Array): OptionOrder {
  const options = Int32Array.from(costs.keys())
    .filter((option) => option !== current && Number.isFinite(costs[option]))
    .sort((a, b) => costs[a] - costs[b] || a - b);
  let least = Number.POSITIVE_INFINITY;
  return {
    options,
    costs: Float64Array.from(options, (option) => costs[option]),
    lowest: Float64Array.from(options, (option) => {
      least = Math.min(least, single[option]);
      return least;
    }),
  };
}

/** Returns the number of options that cost less than `limit`. */
export function countBelow({ costs }: OptionOrder, limit: number): number {
  let from = 0;
  let to = costs.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (costs[middle] < limit) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Returns the lowest change of the output by an option that costs less than `limit`; Infinity without one. */
export function lowestBelow(order: OptionOrder, limit: number): number {
  const count = countBelow(order, limit);
  return count === 0 ? Number.POSITIVE_INFINITY : order.lowest[count - 1];
}
