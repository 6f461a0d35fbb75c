import path from "node:path";
import type { ModelConfig } from "@bellwether/config/model-config";
import { calibrationLine } from "@bellwether/risk-model/training/calibration-line";
import { outOfFoldLine, verdict } from "@bellwether/risk-model/training/figure-lines";
import { type TrainedRiskModel, trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { Command } from "commander";
import { type CliContext, registryFolder } from "../context/cli-context.ts";
import { evaluationJson, evaluationLines } from "../output/evaluation-report.ts";
import { exportTraining } from "../data/export-training.ts";
import { type PublishedModel, publishModel } from "./publish-model.ts";
import { leftOutRows, rejectedLines } from "../output/rejected-lines.ts";
import { createReport, showProgress } from "../output/report.ts";
import { makeTargetFolder } from "../output/target-folder.ts";
import { type DataOptions, loadTrainingData, withDataOptions } from "../data/training-data.ts";

/** Publishes a trained model. @throws OtherContractError */
export function publishTrained(
  root: string,
  model: ModelConfig,
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
    { ...trained, modelName: model.name, origin: "trained", configHash, evaluation: figures, now },
    { setBy: "bellwether train", reason: "trained and published" },
  );
}

/** Reads the data, trains, and publishes when told to. */
export async function train(options: DataOptions & { publish?: boolean }, context: CliContext) {
  const { model, configHash, data } = await loadTrainingData(options, context.cwd);
  const trained = await trainRiskModel({
    table: data.table,
    spec: model,
    configHash,
    runOnnx,
    leftOut: leftOutRows(data),
    onTree: (done, total) => showProgress("training", done, total),
  });
  const published = options.publish
    ? await publishTrained(registryFolder(context), model, configHash, trained, new Date())
    : null;
  return { model, configHash, data, trained, published };
}
