import type { Explanation } from "@bellwether/risk-model/bundle/feature-bundle";
import { createExplainer } from "@bellwether/risk-model/shap/explainer";
import type { TreeModel } from "@bellwether/risk-model/trees/tree-model";

/** Exact contributions of one-output models. */
export interface RowExplainer {
  /** Algorithm and version, for example "quadrature/1". */
  readonly kernel: string;
  /** Expected output over the background. */
  readonly baseValue: number;
  /** float32 `[n × columns]`, row-major, of float32 rows `[n × columns]`. */
  explain(rows: Float32Array, n: number): Float32Array;
}

/** An explainer for the kind that the bundle declares, or null when it declares none. */
export function createRowExplainer(model: TreeModel, explanation: Explanation): RowExplainer | null {
  if (explanation.kind !== "path-dependent") return null;
  const explainer = createExplainer(model);
  return {
    kernel: explainer.version,
    baseValue: explainer.baseValue[0] ?? 0,
    explain: (rows, n) => explainer.explain(rows, n),
  };
}
