import type { ExplainModelResponseSchema } from "@bellwether/gen/bellwether/inference/v1/model_explanation_pb";
import { ExplanationKind, OutputSpace } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { StoredImportance } from "@bellwether/registry/versions/read-importance";
import {
  type DependencePoint,
  type FeatureImportance,
  type Importance,
  parseImportance,
} from "@bellwether/risk-model/importance/importance";
import type { MessageInitShape } from "@bufbuild/protobuf";

const SPACES = {
  margin: OutputSpace.MARGIN,
  probability: OutputSpace.PROBABILITY,
  raw: OutputSpace.RAW,
  "class-margin": OutputSpace.CLASS_MARGIN,
} satisfies Record<Importance["outputSpace"], OutputSpace>;

const KINDS = {
  "path-dependent": ExplanationKind.PATH_DEPENDENT,
  interventional: ExplanationKind.INTERVENTIONAL,
} satisfies Record<Importance["kind"], ExplanationKind>;

/** @param max Maximum number of features; 0: all. @throws ImportanceError */
export function importanceToProto(
  { manifest, importanceJson }: StoredImportance,
  max: number,
): MessageInitShape<typeof ExplainModelResponseSchema> {
  const { modelName, version, files, configHash } = manifest;
  const model = {
    name: modelName,
    version,
    modelDigest: files["model.onnx"].sha256,
    bundleDigest: files["feature_bundle.json"].sha256,
    configHash,
  };
  if (importanceJson === null) {
    const absence = `${modelName} ${version} has no global explanation: it was published by an earlier release, or without contributions or rows to explain; its model card says more`;
    return { model, absence };
  }
  const { features, rows, rowsText, outputSpace, kind } = parseImportance(importanceJson);
  return {
    ...{ model, rows, rowsText, outputSpace: SPACES[outputSpace], kind: KINDS[kind] },
    features: (max === 0 ? features : features.slice(0, max)).map(featureToProto),
    featuresTotal: features.length,
  };
}

function featureToProto({ dependence, words, ...of }: FeatureImportance) {
  return {
    ...of,
    dependence: dependence.map(pointToProto),
    words: words.map(({ word, meanMagnitude, meanContribution }) => ({
      ...{ word, meanMagnitude },
      ...(meanContribution !== null && { meanContribution }),
    })),
  };
}

function pointToProto({ range, category, rows, meanContribution }: DependencePoint) {
  return {
    ...{ category, rows, meanContribution },
    missing: range === null && category === "",
    ...(range !== null && { lowest: range[0], highest: range[1] }),
  };
}
