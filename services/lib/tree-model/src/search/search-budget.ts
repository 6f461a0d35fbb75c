/** Why a search ended before it was complete. */
export type BudgetEnd = "time" | "steps" | "stopped";

/** Limits of a search. */
export interface SearchLimits {
  /** Maximum number of steps; a step computes the outputs of one row of combinations. */
  readonly maxSteps: number;
  /** Maximum time, milliseconds. */
  readonly maxMs: number;
  /** Returns a time in milliseconds that never decreases. */
  readonly now: () => number;
  /** Whether the caller no longer waits for the result. */
  readonly isStopped: () => boolean;
}

/** Counts the steps of a search and says when they are used up. */
export interface SearchBudget {
  /** Adds steps; returns whether the search must end. */
  spend(steps: number): boolean;
  /** Ends the search as if its steps were used up; the number of steps stays. */
  useUp(): void;
  /** Null while the search may continue. */
  readonly end: BudgetEnd | null;
  readonly steps: number;
}

/** Number of steps between two looks at the clock: some 0.1 ms. */
const STEPS_PER_LOOK = 128;

/** Starts a budget: the time begins now. */
export function startBudget({ maxSteps, maxMs, now, isStopped }: SearchLimits): SearchBudget {
  const deadline = now() + maxMs;
  let steps = 0;
  let nextLook = 0;
  let end: BudgetEnd | null = null;
  return {
    spend(more) {
      steps += more;
      if (end !== null) return true;
      if (steps > maxSteps) end = "steps";
      else if (steps >= nextLook) {
        nextLook = steps + STEPS_PER_LOOK;
        if (isStopped()) end = "stopped";
        else if (now() >= deadline) end = "time";
      }
      return end !== null;
    },
    useUp() {
      end ??= "steps";
    },
    get end() {
      return end;
    },
    get steps() {
      return steps;
    },
  };
}
