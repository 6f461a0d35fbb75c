import type { Publication } from "@bellwether/registry/publish/publish-version";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import type { TrainedRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { describeModel } from "../model/describe-model.ts";
import { type PublishedBy, type PublishedModel, type PublishSteps, publishModel } from "./publish-model.ts";
import { withImportance } from "./with-importance.ts";

/** What the version of a trained model says besides: its card with the global explanation, and what it takes and returns. */
export type ExplainedModel = Pick<Publication, "modelCard" | "importanceJson" | "interface">;

/** A trained model to publish. */
export interface TrainedPublication {
  readonly modelName: string;
  readonly configHash: string;
  readonly trained: TrainedRiskModel;
  /** From the process that trained; unset: computed here. */
  readonly explained?: ExplainedModel;
  /** The program that made the model, for example "bellwether 0.1.0". */
  readonly builder: string;
  readonly now: Date;
}

/** Explains a trained model on its training rows, for its publication. */
export async function explainTrained(trained: TrainedRiskModel): Promise<ExplainedModel> {
  const { onnx, bundleJson, modelCard } = trained;
  const files: Pick<Publication, "onnx" | "bundleJson" | "modelCard" | "importanceJson"> = {
    ...{ onnx, bundleJson, modelCard },
  };
  const explained = await withImportance(files, trained.importanceRows);
  return {
    modelCard: explained.modelCard,
    ...(explained.importanceJson !== undefined && { importanceJson: explained.importanceJson }),
    interface: await describeModel(trained),
  };
}

/** Publishes a trained model. @throws the errors of `publishModel` */
export function publishTrained(
  root: Registry,
  { modelName, configHash, trained, explained, builder, now }: TrainedPublication,
  by: PublishedBy,
  steps: Pick<PublishSteps, "check" | "alias"> = {},
): Promise<PublishedModel> {
  const { evaluation } = trained;
  const figures = {
    auc: evaluation.auc,
    baselineFeature: evaluation.baseline?.feature ?? "",
    baselineAuc: evaluation.baseline?.auc ?? null,
  };
  return publishModel(
    root,
    { ...{ ...trained, modelName, origin: "trained", configHash, evaluation: figures, now, builder } },
    by,
    {
      ...steps,
      ...(explained !== undefined && { complete: (publication) => Promise.resolve({ ...publication, ...explained }) }),
    },
  );
}
