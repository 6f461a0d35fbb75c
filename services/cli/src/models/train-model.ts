import type { ModelSpec } from "@bellwether/config/model-spec";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import { type TrainedRiskModel, trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { type PublishedModel, publishModel } from "@bellwether/scoring/publish/publish-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import cli from "../../package.json" with { type: "json" };
import { type CliContext, registryOf } from "../context/cli-context.ts";
import { type DataOptions, loadTrainingData } from "../data/training-data.ts";
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
  });
  const published = options.publish
    ? await publishTrained(registryOf(context), model, configHash, trained, new Date())
    : null;
  return { model, configHash, data, trained, published };
}
