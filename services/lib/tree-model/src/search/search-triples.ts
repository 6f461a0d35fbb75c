import { pairKey, tripleKey } from "./anchored-terms.ts";
import { countBelow, lowestBelow, type OptionOrder } from "./option-order.ts";
import type { SearchState } from "./search-state.ts";
import { addTermRow, sumDifferences, termRowBound, termSum } from "./term-rows.ts";
import type { TermStore } from "./term-store.ts";

/** Lowest sums of the terms of a pair, over changes that were cheap enough when they were computed. */
interface PairLows {
  /** By option of the first variable. */
  readonly first: Float64Array;
  /** By option of the second variable. */
  readonly second: Float64Array;
  readonly lowest: number;
}

interface Triple {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly bound: number;
}

/** Maximum number of triples that are sorted. Above it the search ends with "steps". */
const MAX_TRIPLES = 1_000_000;

/**
 * Searches for changes of three variables that cost less than the cheapest answer. Three bounds, each tighter and
 * more expensive than the one before, exclude triples; the rest is evaluated row by row.
 */
export function searchTriples(state: SearchState, triples: TermStore): void {
  const { orders, variables, anchored, need, kept, budget, accept } = state;
  const { terms: pairs, singles } = anchored;
  const count = orders.length;
  const longest = Math.max(0, ...variables.map(({ costs }) => costs.length));
  const differences = new Float64Array(longest + 1);
  const sums = new Float64Array(longest);
  const lows = new Map<number, PairLows>();

  const bound = (): number => kept.best();
  const cheapest = orders.map(({ costs }) => costs.at(0) ?? Number.POSITIVE_INFINITY);

  /** Computes the lows of a pair when a third variable is changed too. */
  const lowsOf = (a: number, b: number): PairLows => {
    const key = pairKey(count, a, b);
    const known = lows.get(key);
    if (known !== undefined) return known;
    const head = pairs.head(key);
    const first = new Float64Array(variables[a].costs.length);
    const second = new Float64Array(variables[b].costs.length);
    let lowest = 0;
    if (head >= 0) {
      const limit = bound();
      first.fill(Number.POSITIVE_INFINITY);
      second.fill(Number.POSITIVE_INFINITY);
      lowest = Number.POSITIVE_INFINITY;
      const row = sums.subarray(0, second.length);
      const options = [0, 0];
      for (const [rank, option] of orders[a].options.entries()) {
        const n = countBelow(orders[b], limit - orders[a].costs[rank]);
        if (n === 0) break;
        budget.spend(1);
        options[0] = option;
        addTermRow(pairs, head, options, 1, differences);
        sumDifferences(differences, row);
        for (let i = 0; i < n; i++) {
          const other = orders[b].options[i];
          const sum = row[other];
          if (sum < first[option]) first[option] = sum;
          if (sum < second[other]) second[other] = sum;
        }
        lowest = Math.min(lowest, first[option]);
      }
    }
    const found = { first, second, lowest };
    lows.set(key, found);
    return found;
  };

  const searchTriple = (triple: Triple): void => {
    const at = [triple.a, triple.b, triple.c];
    const [a, b, c] = at;
    const lowAB = lowsOf(a, b);
    const lowAC = lowsOf(a, c);
    const lowBC = lowsOf(b, c);
    if (budget.end !== null) return;
    const key = tripleKey(count, a, b, c);
    const tripleLow = triples.lowerBound(key);
    const interactions = lowAB.lowest + lowAC.lowest + lowBC.lowest + tripleLow;
    if (!canReach(orders[a], orders[b], orders[c], need - interactions, bound())) return;
    // The free variable has the most options that are cheap enough.
    const sizes = at.map((v) => countBelow(orders[v], bound()));
    const free = sizes.indexOf(Math.max(...sizes));
    const [p, q] = [0, 1, 2].filter((i) => i !== free);
    const [outer, inner, last] = [at[p], at[q], at[free]];
    const lowsAt = (i: number, j: number): readonly [Float64Array, number] => {
      const [x, y] = i < j ? [i, j] : [j, i];
      const low = x === 0 ? (y === 1 ? lowAB : lowAC) : lowBC;
      return [x === i ? low.first : low.second, low.lowest];
    };
    const [outerFree] = lowsAt(p, free);
    const [innerFree, innerFreeLowest] = lowsAt(q, free);
    const [outerInner] = lowsAt(p, q);
    const heads = {
      outerInner: pairs.head(pairKey(count, Math.min(outer, inner), Math.max(outer, inner))),
      outerFree: pairs.head(pairKey(count, Math.min(outer, last), Math.max(outer, last))),
      innerFree: pairs.head(pairKey(count, Math.min(inner, last), Math.max(inner, last))),
      all: triples.head(key),
    };
    const freeInOuter = outer < last ? 1 : 0;
    const freeInInner = inner < last ? 1 : 0;
    const row = sums.subarray(0, variables[last].costs.length);
    const outerOptions = [0, 0];
    const innerOptions = [0, 0];
    const bothOptions = [0, 0];
    const allOptions = [0, 0, 0];
    for (const [outerRank, x] of orders[outer].options.entries()) {
      const outerCost = orders[outer].costs[outerRank];
      const left = bound() - outerCost;
      if (left <= cheapest[inner] + cheapest[last]) break;
      const outerSingle = singles[outer][x];
      const lowestInner = lowestBelow(orders[inner], left - cheapest[last]);
      const lowestLast = lowestBelow(orders[last], left - cheapest[inner]);
      const outerBound =
        outerSingle + lowestInner + lowestLast + outerInner[x] + outerFree[x] + innerFreeLowest + tripleLow;
      if (budget.spend(1)) return;
      if (outerBound > need) continue;
      outerOptions[1 - freeInOuter] = x;
      for (const [innerRank, y] of orders[inner].options.entries()) {
        const cost = outerCost + orders[inner].costs[innerRank];
        const n = countBelow(orders[last], bound() - cost);
        if (n === 0) break;
        const known = outerSingle + singles[inner][y] + orders[last].lowest[n - 1] + outerFree[x] + innerFree[y];
        if (known + outerInner[x] + tripleLow > need) continue;
        if (budget.spend(1)) return;
        bothOptions[outer < inner ? 0 : 1] = x;
        bothOptions[outer < inner ? 1 : 0] = y;
        const interaction = termSum(pairs, heads.outerInner, bothOptions);
        if (known + interaction + tripleLow > need) continue;
        allOptions[p] = x;
        allOptions[q] = y;
        if (known + interaction + termRowBound(triples, heads.all, allOptions, free) > need) continue;
        innerOptions[1 - freeInInner] = y;
        addTermRow(pairs, heads.outerFree, outerOptions, freeInOuter, differences);
        addTermRow(pairs, heads.innerFree, innerOptions, freeInInner, differences);
        addTermRow(triples, heads.all, allOptions, free, differences);
        sumDifferences(differences, row);
        const fixed = outerSingle + singles[inner][y] + interaction;
        for (let i = 0; i < n; i++) {
          const z = orders[last].options[i];
          if (fixed + singles[last][z] + row[z] > need) continue;
          allOptions[free] = z;
          const changes = at.map((variable, k) => ({ variable, option: allOptions[k] }));
          if (accept(changes, cost + orders[last].costs[i])) break;
        }
      }
    }
  };

  const found = listTriples(state, triples);
  if (found === null) return;
  for (const triple of found) {
    if (budget.end !== null) return;
    searchTriple(triple);
  }
}

/** Returns the triples that simple bounds do not exclude, the most promising first; null when the budget ended. */
function listTriples({ orders, anchored, need, kept, budget }: SearchState, triples: TermStore): Triple[] | null {
  const count = orders.length;
  const best = kept.best();
  const least = orders.map((order) => lowestBelow(order, best));
  const pairLow = new Float64Array(count * count);
  for (const [key, low] of anchored.terms.lowerBounds) pairLow[key] = low;
  const found: Triple[] = [];
  for (let a = 0; a < count; a++)
    for (let b = a + 1; b < count; b++) {
      if (budget.spend(1)) return null;
      const two = least[a] + least[b] + pairLow[a * count + b];
      for (let c = b + 1; c < count; c++) {
        const bound =
          two +
          least[c] +
          pairLow[a * count + c] +
          pairLow[b * count + c] +
          triples.lowerBound(tripleKey(count, a, b, c));
        if (bound > need) continue;
        found.push({ a, b, c, bound });
        if (found.length > MAX_TRIPLES) {
          budget.useUp();
          return null;
        }
      }
    }
  return found.sort((x, y) => x.bound - y.bound);
}

/**
 * Whether three options that together cost less than `limit` can change the output by at most `need`, when the
 * variables are taken alone.
 */
function canReach(a: OptionOrder, b: OptionOrder, c: OptionOrder, need: number, limit: number): boolean {
  for (let i = 0; i < a.costs.length; i++) {
    // An option that reaches no lower output than the cheaper options adds nothing.
    if (i > 0 && a.lowest[i] === a.lowest[i - 1]) continue;
    const leftA = limit - a.costs[i];
    if (leftA <= 0) return false;
    let k = countBelow(c, leftA);
    for (let j = 0; j < b.costs.length; j++) {
      if (j > 0 && b.lowest[j] === b.lowest[j - 1]) continue;
      const left = leftA - b.costs[j];
      while (k > 0 && c.costs[k - 1] >= left) k--;
      if (k === 0) break;
      if (a.lowest[i] + b.lowest[j] + c.lowest[k - 1] <= need) return true;
    }
  }
  return false;
}
