import type { ModelSpec } from "@bellwether/config/model-spec";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import { type TrainedRiskModel, trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { type PublishedModel, publishModel } from "@bellwether/scoring/publish/publish-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { startTrainProcess } from "@bellwether/scoring/training/train-process";
import cli from "../../package.json" with { type: "json" };
import { type CliContext, registryOf } from "../context/cli-context.ts";
import { type DataOptions, loadTrainingData } from "../data/training-data.ts";
import { loadWeekData, type WeekOptions } from "../data/week-data.ts";
import { leftOutRows } from "../output/rejected-lines.ts";
import { showProgress } from "../output/report.ts";

/** Publishes a trained model. @throws OtherContractError */
export function publishTrained(
  root: Registry,
  model: ModelSpec,
  configHash: string,
  trained: TrainedRiskModel,
  now: Date,
): Promise<PublishedModel> {
  const { evaluation } = trained;
  const figures = {
    auc: evaluation.auc,
    baselineFeature: evaluation.baseline?.feature ?? "",
    baselineAuc: evaluation.baseline?.auc ?? null,
  };
  return publishModel(
    root,
    {
      ...{ ...trained, modelName: model.name, origin: "trained", configHash, evaluation: figures, now },
      builder: `bellwether ${cli.version}`,
    },
    { setBy: "bellwether train", reason: "trained and published" },
  );
}

/** Reads the data, trains, and publishes when `publish` is set. */
export async function train(options: DataOptions & { publish?: boolean }, context: CliContext) {
  const { model, configHash, data } = await loadTrainingData(options, context, { checksFuture: true });
  const trained = await trainRiskModel({
    table: data.table,
    spec: model,
    configHash,
    runOnnx,
    leftOut: leftOutRows(data),
    warnings: data.warnings,
    onTree: (done, total) => showProgress("training", done, total),
    onChoice: (done, total) => showProgress("choosing the trainer", done, total),
  });
  const published = options.publish
    ? await publishTrained(registryOf(context), model, configHash, trained, new Date())
    : null;
  return { model, configHash, data, trained, published };
}

/** Limits of a training from weekly runs. */
export interface TrainLimitOptions {
  /** In MiB. */
  readonly maxMemory: number;
  /** In minutes. */
  readonly timeout: number;
}

/**
 * Trains on the snapshots of weekly runs, in a child process, and publishes when `publish` is set. The child ends with this
 * process.
 * @throws TrainLimitError, TrainKilledError
 */
export async function trainFromWeeks(
  options: WeekOptions & TrainLimitOptions & { readonly publish?: boolean },
  context: CliContext,
) {
  const { model, configHash, data, weeks, lines } = await loadWeekData(options, context, new Date());
  await using child = startTrainProcess();
  const trained = await child.run(
    { table: data.table, spec: model, configHash, leftOut: leftOutRows(data), warnings: data.warnings },
    { maxMemoryBytes: options.maxMemory * 2 ** 20, timeoutMs: options.timeout * 60_000 },
    {
      onProgress: ({ step, done, total }) =>
        showProgress(step === "choosing" ? "choosing the trainer" : "training", done, total),
    },
  );
  const published = options.publish
    ? await publishTrained(registryOf(context), model, configHash, trained, new Date())
    : null;
  return { model, configHash, data, trained, published, fromWeeks: { weeks, lines, usage: trained.usage } };
}
