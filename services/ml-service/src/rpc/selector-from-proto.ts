import type { ModelSelector } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { VersionSelector } from "../model/loaded-models.ts";

/** Returns the model that a request names; empty fields: the champion of the default model. */
export const selectorFromProto = (model: ModelSelector | undefined): VersionSelector => ({
  modelName: model?.modelName ?? "",
  modelVersion: model?.modelVersion ?? "",
});
