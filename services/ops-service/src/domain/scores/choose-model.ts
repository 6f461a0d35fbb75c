import { isoWeekStart } from "@bellwether/contract/iso-week";
import { ModelNotScoredError } from "../ops-error.ts";

/** A model with at least one complete run. */
export interface ScoringModel {
  readonly modelName: string;
  /**
   * ISO week of its latest complete run, without runs that were forced before their week began. Empty: it has
   * only forced runs.
   */
  readonly latestWeek: string;
  /** The lowest number among its complete runs. */
  readonly firstRunId: number;
}

/** Number of weeks by which the default model may be behind the model with the newest week. */
const MAX_WEEKS_BEHIND = 4;
const WEEK_MS = 7 * 86_400_000;

/**
 * Chooses the model whose scores are returned: the named model, or the default. Of the models whose latest week
 * is at most `MAX_WEEKS_BEHIND` calendar weeks before the newest week of any model, the default is the model
 * whose first complete run is the oldest. So a second model on trial does not change what is shown, and a model
 * that no longer runs is not shown for long. Undefined: no run is complete.
 * @throws ModelNotScoredError for a named model without a complete run
 */
export function chooseModel(models: readonly ScoringModel[], wanted: string): string | undefined {
  if (wanted !== "") return checkModel(models, wanted);
  const newest = models.reduce((latest, { latestWeek }) => (latestWeek > latest ? latestWeek : latest), "");
  const recent = models.filter(({ latestWeek }) => isRecent(latestWeek, newest));
  return recent.toSorted((a, b) => a.firstRunId - b.firstRunId)[0]?.modelName;
}

function isRecent(week: string, newest: string): boolean {
  if (week === "" || newest === "") return newest === "";
  const behindMs = Date.parse(isoWeekStart(newest)) - Date.parse(isoWeekStart(week));
  return behindMs <= MAX_WEEKS_BEHIND * WEEK_MS;
}

/**
 * Chooses the model whose scores of one supplier are returned: as `chooseModel`, but the default is the first of the
 * supplier's models if it has not scored the supplier. Empty: no run is complete.
 * @param scorers The models that have scored the supplier, the model with the latest week first
 * @throws ModelNotScoredError for a named model without a complete run
 */
export function chooseModelOf(scorers: readonly string[], models: readonly ScoringModel[], wanted: string): string {
  const choice = chooseModel(models, wanted) ?? "";
  return wanted === "" && !scorers.includes(choice) ? (scorers[0] ?? choice) : choice;
}

/** @throws ModelNotScoredError for a name without a complete run */
export function checkModel(models: readonly ScoringModel[], wanted: string): string {
  const names = models.map(({ modelName }) => modelName);
  if (!names.includes(wanted)) throw new ModelNotScoredError(wanted, names);
  return wanted;
}

/**
 * Checks that a model can have alerts. A model without a complete run can have some too, because the alerts of a
 * voided run are kept.
 * @param known names of the models with a run that was complete once
 * @throws ModelNotScoredError
 */
export function checkAlertModel(known: readonly string[], wanted: string): void {
  if (!known.includes(wanted)) throw new ModelNotScoredError(wanted, known);
}
