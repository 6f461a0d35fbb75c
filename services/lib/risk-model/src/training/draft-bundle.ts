import type { ModelSpec } from "@bellwether/config/model-spec";
import type { FeatureBundle } from "../bundle/feature-bundle.ts";
import type { FittedInputs } from "./fit-bundle.ts";

/** Returns the bundle before calibration and golden rows. Its keys are in the order of the file. */
export function draftBundle(spec: ModelSpec, configHash: string, inputs: FittedInputs): FeatureBundle {
  return {
    format: "bellwether.feature-bundle/1",
    modelName: spec.name,
    modelKind: spec.trainer.kind,
    configHash,
    ...inputs,
    outputSpace: spec.trainer.kind === "gradient_boosting" ? "margin" : "probability",
    classes: { risk: spec.target.riskClass, other: spec.target.otherClass },
    calibration: { kind: "none" },
    bands: { high: spec.bands.high, medium: spec.bands.medium },
    explanation: { kind: "path-dependent", background: "training rows, by the covers of the trees" },
    golden: [],
    seed: spec.seed,
  };
}
