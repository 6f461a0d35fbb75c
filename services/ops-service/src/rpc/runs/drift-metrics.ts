import { type Counter, metrics } from "@opentelemetry/api";
import type { Run } from "../../domain/scores/run.ts";
import { driftAlarms } from "../../domain/scores/run-drift.ts";

let counter: Counter | undefined;

/** Counts the drift alarms of a run that has just been completed. */
export function countDriftAlarms({ drift, modelName }: Pick<Run, "drift" | "modelName">): void {
  counter ??= metrics.getMeter("bellwether.drift").createCounter("bellwether.drift.alarms", {
    description: "Alarms about the drift of features and scores in completed weekly runs",
    unit: "{alarm}",
  });
  for (const { reference, aspect } of driftAlarms(drift)) counter.add(1, { reference, aspect, model: modelName });
}
