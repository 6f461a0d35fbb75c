import { metrics } from "@opentelemetry/api";
import type { RetrainResult, RetrainTask } from "../domain/retrain.ts";

/** Counts the retrains that have ended, by outcome and by what started them. */
export function createRetrainMetrics(): (outcome: RetrainResult["outcome"], trigger: RetrainTask["trigger"]) => void {
  const ended = metrics.getMeter("bellwether.retrain").createCounter("bellwether.retrain.ended", {
    unit: "{retrain}",
    description:
      "Retrains that have ended, by outcome (published, unchanged, failed, cancelled) and trigger (drift, outcomes, age, person).",
  });
  return (outcome, trigger) => ended.add(1, { outcome, trigger });
}
