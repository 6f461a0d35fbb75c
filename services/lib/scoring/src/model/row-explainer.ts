import type { Explanation } from "@bellwether/risk-model/bundle/feature-bundle";
import { type CompiledQuadrature, compileExplainer, openCompiled } from "@bellwether/tree-model/shap/explainer";
import {
  type CompiledInterventional,
  compileInterventional,
  openInterventional,
} from "@bellwether/tree-model/shap/interventional-explainer";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import { nextTurn } from "../runtime/event-loop-turn.ts";

/** Computes exact contributions of models with one output. */
export interface RowExplainer {
  /** Algorithm and version, for example "quadrature/1". */
  readonly kernel: string;
  /** Expected output of the model: over the training covers or the background rows, depending on the kind. */
  readonly baseValue: number;
  /** Returns float32 contributions `[n × columns]`, row-major, for float32 rows `[n × columns]`. */
  explain(rows: Float32Array, n: number): Float32Array;
}

/** The explainer of a model, compiled: plain data, which can be passed to another thread. Null: the bundle declares none. */
export type CompiledRowExplainer = CompiledQuadrature | CompiledInterventional | null;

/**
 * Compiles an explainer of the kind that the bundle declares. A large model takes seconds.
 * @throws NoCoversError, InterventionalRejectedError, RangeError when the bundle declares a kind that the model does not support.
 */
export async function compileRowExplainer(model: TreeModel, explanation: Explanation): Promise<CompiledRowExplainer> {
  if (explanation.kind === "none") return null;
  return explanation.kind === "path-dependent"
    ? compileExplainer(model)
    : await compileInTurns(model, explanation.rows);
}

/** Makes a compiled explainer ready to run. */
export function openRowExplainer(compiled: CompiledRowExplainer): RowExplainer | null {
  if (compiled === null) return null;
  const explainer = compiled.kind === "quadrature" ? openCompiled(compiled) : openInterventional(compiled);
  return {
    kernel: explainer.version,
    baseValue: explainer.baseValue[0] ?? 0,
    explain: (rows, n) => explainer.explain(rows, n),
  };
}

/** Compiles an explainer and makes it ready to run. @throws the errors of `compileRowExplainer` */
export async function createRowExplainer(model: TreeModel, explanation: Explanation): Promise<RowExplainer | null> {
  return openRowExplainer(await compileRowExplainer(model, explanation));
}

/**
 * Compiles one tree per iteration of the event loop: a large model takes seconds, and calls to the current
 * model continue meanwhile.
 */
async function compileInTurns(model: TreeModel, rows: readonly (readonly (number | null)[])[]) {
  for (const [r, row] of rows.entries()) {
    if (row.length !== model.features)
      throw new RangeError(`background row ${r} has ${row.length} values for ${model.features} columns`);
  }
  const background = Float32Array.from(rows.flat(), (x) => x ?? Number.NaN);
  const steps = compileInterventional(model, background, rows.length);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    await nextTurn();
  }
}
