import { pairKey } from "./anchored-terms.ts";
import { countBelow, lowestBelow } from "./option-order.ts";
import type { SearchState } from "./search-state.ts";
import { addTermRow, sumDifferences, termRowBound } from "./term-rows.ts";

/** Searches for the cheapest changes of each pair of variables, the most promising pairs first. */
export function searchPairs(state: SearchState): void {
  const { orders, anchored, need, budget } = state;
  const count = orders.length;
  const least = orders.map((order) => lowestBelow(order, Number.POSITIVE_INFINITY));
  const pairs: { readonly a: number; readonly b: number; readonly bound: number }[] = [];
  for (let a = 0; a < count; a++) {
    if (budget.spend(1)) return;
    for (let b = a + 1; b < count; b++) {
      const bound = least[a] + least[b] + anchored.terms.lowerBound(pairKey(count, a, b));
      if (bound <= need) pairs.push({ a, b, bound });
    }
  }
  pairs.sort((x, y) => x.bound - y.bound);
  const longest = Math.max(0, ...state.variables.map(({ costs }) => costs.length));
  const differences = new Float64Array(longest + 1);
  const sums = new Float64Array(longest);
  for (const { a, b } of pairs) {
    if (budget.end !== null) return;
    searchPair(state, a, b, differences, sums);
  }
}

/** @param differences, sums Memory for one row, all 0 in `differences`. */
function searchPair(state: SearchState, a: number, b: number, differences: Float64Array, sums: Float64Array): void {
  const { orders, anchored, need, kept, budget, accept, variables } = state;
  const { terms, singles } = anchored;
  let bound = kept.bound([a, b]);
  const key = pairKey(orders.length, a, b);
  const head = terms.head(key);
  const lowerBound = terms.lowerBound(key);
  // Rows are the options of the variable with fewer of them that are cheap enough.
  const rowsAreFirst = countBelow(orders[a], bound) <= countBelow(orders[b], bound);
  const [rowVariable, freeVariable] = rowsAreFirst ? [a, b] : [b, a];
  const rows = orders[rowVariable];
  const free = orders[freeVariable];
  const freeAt = rowsAreFirst ? 1 : 0;
  const row = sums.subarray(0, variables[freeVariable].costs.length);
  const options = [0, 0];
  for (const [rank, option] of rows.options.entries()) {
    const left = bound - rows.costs[rank];
    const count = countBelow(free, left);
    if (count === 0) return;
    if (budget.spend(1)) return;
    const single = singles[rowVariable][option];
    const lowest = single + free.lowest[count - 1];
    if (lowest + lowerBound > need) continue;
    options[1 - freeAt] = option;
    if (lowest + termRowBound(terms, head, options, freeAt) > need) continue;
    addTermRow(terms, head, options, freeAt, differences);
    sumDifferences(differences, row);
    for (let i = 0; i < count; i++) {
      const other = free.options[i];
      if (single + singles[freeVariable][other] + row[other] > need) continue;
      const changes = [
        { variable: a, option: rowsAreFirst ? option : other },
        { variable: b, option: rowsAreFirst ? other : option },
      ];
      const cost = rows.costs[rank] + free.costs[i];
      if (!accept(changes, cost)) continue;
      bound = Math.min(kept.bound([a, b]), cost);
      break;
    }
  }
}
