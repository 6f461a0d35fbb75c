import { ModelNotScoredError } from "./ops-error.ts";

/** A model with at least one complete run. */
export interface ScoringModel {
  readonly modelName: string;
  /** ISO week of its latest complete run. */
  readonly latestWeek: string;
  /** The lowest number among its complete runs. */
  readonly firstRunId: number;
}

/** Number of weeks with a latest complete run of some model. A model without one of them is not the default. */
const DEFAULT_WEEKS = 4;

/**
 * Chooses the model whose scores are returned: the named model, or the default. Of the weeks in which the
 * models had their latest complete run, the latest `DEFAULT_WEEKS` count. Of the models with one of these
 * weeks, the default is the model whose first complete run is the oldest, so that a second model on trial
 * does not change what is shown. Undefined: no run is complete.
 * @throws ModelNotScoredError for a named model without a complete run
 */
export function chooseModel(models: readonly ScoringModel[], wanted: string): string | undefined {
  if (wanted !== "") return checkModel(models, wanted);
  const weeks = [...new Set(models.map(({ latestWeek }) => latestWeek))].sort().slice(-DEFAULT_WEEKS);
  const recent = models.filter(({ latestWeek }) => weeks.includes(latestWeek));
  return recent.toSorted((a, b) => a.firstRunId - b.firstRunId)[0]?.modelName;
}

/** @throws ModelNotScoredError for a name without a complete run */
export function checkModel(models: readonly ScoringModel[], wanted: string): string {
  const names = models.map(({ modelName }) => modelName);
  if (!names.includes(wanted)) throw new ModelNotScoredError(wanted, names);
  return wanted;
}
