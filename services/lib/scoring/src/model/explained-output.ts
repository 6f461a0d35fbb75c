import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { oneOutput } from "@bellwether/tree-model/trees/one-output";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import type { MarginOutput } from "../runtime/onnx-session.ts";
import { ModelRejectedError } from "./model-rejected-error.ts";

/** The output that the contributions of a model add up to. */
export interface ExplainedOutput {
  /** The trees of the output. */
  readonly model: TreeModel;
  /** The file to run: with the margins of the classes as a second output, if contributions are of a class margin. */
  readonly onnx: Uint8Array;
  readonly margin: MarginOutput | null;
}

/**
 * Returns the output that contributions add up to: the only output, or the margin of the served class.
 * @param classColumn Class whose probability the file returns; null: the file returns sums.
 * @throws ModelRejectedError when the bundle and the file contradict each other.
 */
export async function explainedOutput(
  onnx: Uint8Array,
  model: TreeModel,
  classColumn: number | null,
  { explanation, explains }: Pick<FeatureBundle, "explanation" | "explains">,
): Promise<ExplainedOutput> {
  if (classColumn === null) {
    if (explains === undefined) return { model, onnx, margin: null };
    throw new ModelRejectedError("the bundle explains the margin of a class, but model.onnx returns no class");
  }
  if (explains === undefined) {
    if (explanation.kind === "none") return { model, onnx, margin: null };
    throw new ModelRejectedError("the bundle explains an output that model.onnx does not return");
  }
  // Only models with three or more classes need the messages of ONNX, whose descriptors each scoring thread would hold.
  const { withClassMargins } = await import("@bellwether/tree-model/onnx/write/class-margins");
  const { onnx: extended, marginsName } = withClassMargins(onnx, model.outputs);
  const margin = { name: marginsName, width: model.outputs, column: classColumn };
  return { model: oneOutput(model, classColumn), onnx: extended, margin };
}
