import { canonicalHash } from "@bellwether/contract/canonical-json";
import type { ModelInterface, ModelTensor } from "@bellwether/registry/versions/manifest";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { parseFeatureBundle } from "@bellwether/risk-model/bundle/parse-bundle";
import { readOnnxTreeModel } from "@bellwether/tree-model/onnx/read-tree-ensemble";
import { createSession } from "../runtime/create-session.ts";

/** Names of element types in the Open Inference Protocol. */
const DATATYPES: Readonly<Record<string, string>> = {
  ...{ float32: "FP32", float64: "FP64", float16: "FP16", string: "BYTES", bool: "BOOL" },
  ...{ int8: "INT8", int16: "INT16", int32: "INT32", int64: "INT64" },
  ...{ uint8: "UINT8", uint16: "UINT16", uint32: "UINT32", uint64: "UINT64" },
};

/**
 * Returns what a model takes and returns, for its manifest.
 * @throws ImportRejectedError when model.onnx has other operators than those of this project; OnnxRuntimeError, BundleError
 */
export async function describeModel(model: {
  readonly onnx: Uint8Array;
  readonly bundleJson: string;
}): Promise<ModelInterface> {
  const bundle = parseFeatureBundle(model.bundleJson);
  // The runtime gets only files whose operators are those that this project writes.
  readOnnxTreeModel(model.onnx);
  const session = await createSession(model.onnx, {
    logSeverityLevel: 3,
    graphOptimizationLevel: "disabled",
  });
  try {
    const tensors = (found: typeof session.inputMetadata): ModelTensor[] =>
      found.map((value) => ({
        name: value.name,
        datatype: value.isTensor ? (DATATYPES[value.type] ?? value.type) : "",
        shape: value.isTensor ? value.shape.map((size) => (typeof size === "number" && size >= 0 ? size : null)) : [],
      }));
    return {
      inputs: tensors(session.inputMetadata),
      outputs: tensors(session.outputMetadata),
      featureSchemaSha256: featureSchemaHash(bundle),
    };
  } finally {
    await session.release();
  }
}

/**
 * Returns the hash of what callers of a model depend on, lower-case hex: models with the same hash take the same requests. Categories,
 * vocabulary and ranges may differ.
 */
export function featureSchemaHash({
  features,
  text,
  classes,
}: Pick<FeatureBundle, "features" | "text" | "classes">): string {
  return canonicalHash({
    features: features.map(({ name, kind }) => ({ name, kind })),
    text: text?.feature ?? null,
    risk: classes.risk,
  });
}
