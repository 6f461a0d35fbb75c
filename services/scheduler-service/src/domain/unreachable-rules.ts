import type { RuleSet } from "@bellwether/config/alert-rules";
import type { TrainingProfile } from "@bellwether/drift/profile/training-profile";
import { countText } from "@bellwether/reasons/count-text";

/** Number of evaluated rows below which their highest score says little. */
const MIN_ROWS = 100;

/** A model version, with the distribution of its scores in the evaluation. */
export interface EvaluatedModel {
  readonly version: string;
  readonly trainingProfile: Pick<TrainingProfile, "score"> | null;
}

/**
 * Warns of alert rules with a limit above the highest score of the rows on which the model was evaluated. Empty also when the
 * evaluation of the model is not known, or has few rows.
 */
export function unreachableRules(sets: readonly RuleSet[], { version, trainingProfile }: EvaluatedModel): string[] {
  const score = trainingProfile?.score ?? null;
  // The last cut of a profile is its highest value.
  const highest = score?.cuts.at(-1)?.cut;
  if (score === null || highest === undefined || score.rows - score.missing < MIN_ROWS) return [];
  const evaluated = `the highest score of the ${countText(score.rows - score.missing, "row")} on which ${version} was evaluated is ${shown(highest)}`;
  return sets.flatMap(({ scoreThreshold, changes }) => {
    const { id, raise, critical } = scoreThreshold;
    const first =
      raise > highest
        ? [`alert rule ${id} raises an alert from a score of ${raise}`]
        : critical > highest
          ? [`alert rule ${id} makes an alert critical from a score of ${critical}`]
          : [];
    const rises = changes
      .filter(({ kind, limit }) => kind === "rises_above" && limit > highest)
      .map((rule) => `alert rule ${rule.id} raises an alert when a score rises above ${rule.limit}`);
    return [...first, ...rises].map((rule) => `warning: ${rule}, and ${evaluated}: no supplier is likely to reach it`);
  });
}

const shown = (score: number): string => score.toFixed(2);
