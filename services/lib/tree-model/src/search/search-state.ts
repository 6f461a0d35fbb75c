import type { AnchoredTerms } from "./anchored-terms.ts";
import type { ChangeVariable, VariableChange } from "./change-variable.ts";
import type { KeptAnswers } from "./kept-answers.ts";
import type { OptionOrder } from "./option-order.ts";
import type { SearchBudget } from "./search-budget.ts";

/** State of a search, shared by its stages. */
export interface SearchState {
  readonly variables: readonly ChangeVariable[];
  readonly anchored: AnchoredTerms;
  readonly orders: readonly OptionOrder[];
  /** A sum of changes of the output above this is never enough. */
  readonly need: number;
  readonly kept: KeptAnswers;
  readonly budget: SearchBudget;
  /** Keeps the changes when the output is enough; returns whether it is. @param changes By variable, ascending. */
  readonly accept: (changes: readonly VariableChange[], cost: number) => boolean;
}
