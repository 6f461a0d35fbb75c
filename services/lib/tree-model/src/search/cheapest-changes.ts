import type { TreeModel } from "../trees/tree-model.ts";
import { anchoredTerms } from "./anchored-terms.ts";
import { type ChangeVariable, changedRow, type VariableChange } from "./change-variable.ts";
import { float32Output, float32SumError } from "./float32-output.ts";
import { type ChangeAnswer, keepAnswers } from "./kept-answers.ts";
import { orderOptions } from "./option-order.ts";
import { type BudgetEnd, type SearchLimits, startBudget } from "./search-budget.ts";
import { searchPairs } from "./search-pairs.ts";
import type { SearchState } from "./search-state.ts";
import { searchTriples } from "./search-triples.ts";

/** What is searched: the cheapest changes after which the output of a row is at most `limit`. */
export interface ChangeSearch {
  /** A model with one output. */
  readonly model: TreeModel;
  /** `[features]`, NaN = missing. */
  readonly row: Float32Array;
  readonly variables: readonly ChangeVariable[];
  /** Largest float32 output that is enough. NaN: no output is. */
  readonly limit: number;
  /** Maximum number of variables that change. */
  readonly maxChanges: 1 | 2 | 3;
  /** Maximum number of answers, at least 1. */
  readonly maxAnswers: number;
  /** Whether these changes are known not to be enough, whatever `float32Output` returns. */
  readonly isRejected?: (changes: readonly VariableChange[]) => boolean;
  readonly limits: SearchLimits;
}

/** The result of a search. */
export interface ChangeSearchResult {
  /** Cheapest first. When `end` is null, no change costs less than the first one. */
  readonly answers: readonly ChangeAnswer[];
  /** Why the search is not complete; "memory": the trees have too many combinations. Null: it is complete. */
  readonly end: BudgetEnd | "memory" | null;
  readonly steps: number;
}

/**
 * Searches for the cheapest changes of at most three variables. The first answer is exact: every combination that
 * costs less is evaluated, or excluded by a bound. Outputs are compared as float32 sums (`float32Output`).
 *
 * Single variables and pairs are enumerated, with bounds; triples by branch and bound below the cost of the
 * cheapest answer that is known.
 */
export function findCheapestChanges(search: ChangeSearch): ChangeSearchResult {
  const { model, row, variables, limit, maxChanges, maxAnswers, isRejected = () => false } = search;
  if (Number.isNaN(limit)) return { answers: [], end: null, steps: 0 };
  const budget = startBudget(search.limits);
  const kept = keepAnswers(maxAnswers);
  const isUsable = (v: number, option: number): boolean => Number.isFinite(variables[v].costs[option]);
  const anchored = anchoredTerms(model, row, variables, 2, isUsable, budget);
  const end = (isComplete: boolean): ChangeSearchResult => ({
    answers: kept.list,
    end: budget.end ?? (isComplete ? null : "memory"),
    steps: budget.steps,
  });
  if (!anchored.isComplete) return end(false);
  const state: SearchState = {
    variables,
    anchored,
    orders: variables.map((variable, v) => orderOptions(variable, anchored.singles[v])),
    need: limit + float32SumError(model) - anchored.base,
    kept,
    budget,
    accept(changes, cost) {
      budget.spend(1);
      if (isRejected(changes) || float32Output(model, changedRow(row, variables, changes)) > limit) return false;
      kept.add({ changes: changes.map((change) => ({ ...change })), cost });
      return true;
    },
  };
  searchSingles(state);
  if (maxChanges >= 2 && budget.end === null) searchPairs(state);
  if (maxChanges < 3 || budget.end !== null) return end(true);
  const best = kept.best();
  const inReach = (v: number, option: number): boolean => variables[v].costs[option] < best;
  const triples = anchoredTerms(model, row, variables, 3, inReach, budget);
  if (!triples.isComplete) return end(false);
  searchTriples(state, triples.terms);
  return end(true);
}

function searchSingles({ orders, anchored, need, kept, accept, budget }: SearchState): void {
  for (const [variable, { options, costs, lowest }] of orders.entries()) {
    if (budget.spend(1)) return;
    if (options.length === 0 || lowest[options.length - 1] > need) continue;
    const bound = kept.bound([variable]);
    for (const [rank, option] of options.entries()) {
      if (costs[rank] >= bound) break;
      if (anchored.singles[variable][option] <= need && accept([{ variable, option }], costs[rank])) break;
    }
  }
}
