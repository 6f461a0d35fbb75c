import type { Explanation } from "@bellwether/risk-model/bundle/feature-bundle";
import { baseValue } from "@bellwether/risk-model/shap/base-value";
import { treeShap } from "@bellwether/risk-model/shap/tree-shap";
import type { TreeModel } from "@bellwether/risk-model/trees/tree-model";

/** Exact contributions of one-output models. */
export interface RowExplainer {
  /** Algorithm and version, for example "treeshap-f64 1". */
  readonly kernel: string;
  /** Expected output over the background. */
  readonly baseValue: number;
  /** float32 `[n × columns]`, row-major, of float32 rows `[n × columns]`. */
  explain(rows: Float32Array, n: number): Float32Array;
}

/** An explainer for the kind that the bundle declares, or null when it declares none. */
export function createRowExplainer(model: TreeModel, explanation: Explanation): RowExplainer | null {
  if (explanation.kind !== "path-dependent") return null;
  return {
    kernel: "treeshap-f64 1",
    baseValue: baseValue(model)[0] ?? 0,
    explain(rows, n) {
      const out = new Float32Array(n * model.features);
      for (let i = 0; i < n; i++) {
        const row = rows.subarray(i * model.features, (i + 1) * model.features);
        out.set(treeShap(model, row).contributions, i * model.features);
      }
      return out;
    },
  };
}
