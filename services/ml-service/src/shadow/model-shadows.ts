import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { NO_SHADOW, type Shadow, type ShadowReport } from "./shadow.ts";

/** The shadows of several models: each has its own thread, queue and figures. */
export interface ModelShadows extends Pick<Shadow, "offerScore" | "offerBatch"> {
  /** Undefined: the model has no shadow. */
  readonly report: (modelName: string) => ShadowReport | undefined;
}

/**
 * Passes each answer to the shadow of its model.
 * @param shadows by the name of the model
 */
export function modelShadows(shadows: ReadonlyMap<string, Shadow>): ModelShadows {
  const shadowOf = ({ bundle }: { readonly bundle: Pick<FeatureBundle, "modelName"> }): Shadow =>
    shadows.get(bundle.modelName) ?? NO_SHADOW;
  return {
    offerScore: (model, ...answer) => shadowOf(model).offerScore(model, ...answer),
    offerBatch: (model, ...answers) => shadowOf(model).offerBatch(model, ...answers),
    report: (modelName) => shadows.get(modelName)?.report(),
  };
}
