/** Limits of one search besides the request. */
export interface CounterfactualBudget {
  readonly maxMs: number;
  /** Maximum number of steps; a step computes the outputs of one row of combinations. */
  readonly maxSteps: number;
  /** Whether nobody waits for the answer any more. */
  readonly isStopped: () => boolean;
}

/** Budget of a search when nothing else is asked for. A search beyond it is not decided. */
export const DEFAULT_BUDGET = { maxMs: 1000, maxSteps: 20_000_000 };
