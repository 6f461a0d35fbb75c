import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { readOnnxTreeModel } from "@bellwether/tree-model/onnx/read-tree-ensemble";
import { explainedOutput } from "./explained-output.ts";
import { createRowExplainer, type RowExplainer } from "./row-explainer.ts";

/**
 * Opens the explainer of a model without the runtime; null when the bundle declares no explanation.
 * @throws ModelRejectedError, NoCoversError, InterventionalRejectedError, RangeError when bundle and model do not match.
 */
export async function openExplainer(onnx: Uint8Array, bundle: FeatureBundle): Promise<RowExplainer | null> {
  const { model, classColumn } = readOnnxTreeModel(onnx);
  const explained = await explainedOutput(onnx, model, classColumn, bundle);
  return await createRowExplainer(explained.model, bundle.explanation);
}
