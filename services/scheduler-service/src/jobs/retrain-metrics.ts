import { metrics } from "@opentelemetry/api";
import type { RetrainResult, RetrainTask } from "../domain/retrain.ts";

/**
 * Counts the retrains that have ended, by outcome and by what started them.
 * @param model undefined: the default model, whose metrics have no name of a model
 */
export function createRetrainMetrics(
  model: string | undefined,
): (outcome: RetrainResult["outcome"], trigger: RetrainTask["trigger"]) => void {
  const ended = metrics.getMeter("bellwether.retrain").createCounter("bellwether.retrain.ended", {
    unit: "{retrain}",
    description:
      "Retrains that have ended, by outcome (published, unchanged, failed, cancelled) and trigger (drift, outcomes, age, person).",
  });
  return (outcome, trigger) => ended.add(1, { outcome, trigger, ...(model !== undefined && { model }) });
}
