import type { ModelSelector } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { HandlerContext } from "@connectrpc/connect";
import type { VersionSelector } from "../model/loaded-models.ts";
import { mayUseAnyVersion } from "./any-version.ts";

/** Returns the model that a request names; empty fields: the champion of the default model. */
export const selectorFromProto = (
  model: ModelSelector | undefined,
  context: Pick<HandlerContext, "values">,
): VersionSelector => ({
  modelName: model?.modelName ?? "",
  modelVersion: model?.modelVersion ?? "",
  anyVersion: mayUseAnyVersion(context),
});
