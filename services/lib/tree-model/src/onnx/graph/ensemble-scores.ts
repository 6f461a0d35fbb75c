import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import type { Ensemble } from "../ensemble/ensemble.ts";
import { addForms, applyLink, constantForm, type LinearForm, type ScoreTensor, scaleForm } from "./score-tensor.ts";

/**
 * Returns the output of an ensemble as a function of its raw sums, as ONNX Runtime 1.30 evaluates it. The
 * cases were measured; in several of them the specification says nothing or something else:
 * - one target: LOGISTIC and SOFTMAX are ignored;
 * - two classes with one weight per leaf and class id 0: the sum is the margin m of the second class; the columns are [−m, m]
 *   under LOGISTIC, else [1 − m, m] when no weight is negative (a forest), else [−m, m];
 * - two classes with one weight per leaf and class id 1: the columns are [0, m], and a single base value is ignored;
 * - two classes with a weight for each class: a single base value is added to the first class.
 * @param firstRaw Index of the ensemble's first raw output.
 * @throws ImportRejectedError for two base values for two classes, or a target that has no leaf weight.
 */
export function ensembleScores(ensemble: Ensemble, firstRaw: number): ScoreTensor {
  const { outputs, baseValues, classes, postTransform } = ensemble;
  const factor = ensemble.average ? 1 / ensemble.nodes.roots.length : 1;
  const raw = (output: number): LinearForm => ({ weights: new Map([[firstRaw + output, factor]]), bias: 0 });
  const link = postTransform === "LOGISTIC" ? "logistic" : postTransform === "SOFTMAX" ? "softmax" : "identity";
  if (classes !== null && outputs === 2) {
    if (baseValues.length === 2) {
      throw new ImportRejectedError(
        "unsupported",
        "a classifier of two classes with two base values: ONNX Runtime then drops the second class's trees, so its answers are not " +
          "the model's; export it without a start value (CatBoost: boost_from_average=False), or import XGBoost's own file",
      );
    }
    return binaryScores(ensemble, raw(0), raw(1), baseValues[0] ?? 0, link);
  }
  const targets = new Set(ensemble.nodes.weightTarget);
  if (classes === null && targets.size < outputs && outputs > 1) {
    throw new ImportRejectedError(
      "malformed",
      `only ${targets.size} of ${outputs} targets have a leaf: the export lost the others`,
    );
  }
  const forms = Array.from({ length: outputs }, (_, k) => scaleForm(raw(k), 1, baseValues[k] ?? 0));
  return outputs === 1 ? { forms, link: "identity" } : applyLink({ forms, link: "identity" }, link);
}

function binaryScores(
  ensemble: Ensemble,
  first: LinearForm,
  second: LinearForm,
  base: number,
  link: "identity" | "logistic" | "softmax",
): ScoreTensor {
  const used = new Set(ensemble.nodes.weightTarget);
  if (used.size > 1) return applyLink({ forms: [scaleForm(first, 1, base), second], link: "identity" }, link);
  if (used.has(1)) return applyLink({ forms: [constantForm(0), second], link: "identity" }, link);
  const margin = scaleForm(first, 1, base);
  const opposite = scaleForm(margin, -1);
  if (link === "logistic") return { forms: [opposite, margin], link };
  const isForest = ensemble.nodes.weightValue.every((weight) => weight >= 0);
  return { forms: [isForest ? addForms([constantForm(1), opposite]) : opposite, margin], link: "identity" };
}
