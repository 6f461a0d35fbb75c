import { createExplainer, type Explainer } from "@bellwether/tree-model/shap/explainer";
import { bestOf } from "../best-of.ts";
import { type BenchModel, drawRows, trainBenchModels } from "../explain-models.ts";
import { type Bench, type Metric, metric } from "../metric.ts";
import { timeAll } from "./explain-times.ts";

/**
 * Measures exact contributions: rows per second in batches, the time of one row alone, and the time to
 * compile each model.
 */
export const own: Bench = async () => {
  const models = trainBenchModels();
  const explainers = new Map<string, Explainer>();
  const metrics: Metric[] = [];
  for (const { name, model } of models) {
    const compileMs = await bestOf(() => explainers.set(name, createExplainer(model)));
    metrics.push(metric({ name: `shap.${name}.compile`, value: compileMs, unit: "ms", better: "lower" }));
  }
  const times = await timeAll(models, explainers, drawRows(4096, "explained rows"));
  return [...metrics, ...models.flatMap((model, i) => speed(model, times[i]))];
};

function speed({ name, batchRows }: BenchModel, times: { batch: number; row: number } | undefined): Metric[] {
  if (times === undefined) throw new Error(`${name} was not timed`);
  return [
    metric({ name: `shap.${name}.batch`, value: (batchRows / times.batch) * 1000, unit: "rows/s", better: "higher" }),
    metric({ name: `shap.${name}.row`, value: times.row * 1000, unit: "µs", better: "lower" }),
  ];
}
