import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import type { Link } from "../../trees/tree-model.ts";

/** A linear form: a weighted sum of raw tree outputs plus a bias. */
export interface LinearForm {
  /** Weight of each raw tree output, by its index. The index counts through all ensembles of the graph. */
  readonly weights: ReadonlyMap<number, number>;
  readonly bias: number;
}

/**
 * A tensor that is computed from the trees. Each column is the link function `link` of a linear form of the raw
 * tree outputs. The link function "softmax" is computed over all columns of a row.
 */
export interface ScoreTensor {
  readonly forms: readonly LinearForm[];
  readonly link: Link;
}

/** Returns a linear form without tree outputs: its value is `bias` in every row. */
export function constantForm(bias: number): LinearForm {
  return { weights: new Map(), bias };
}

/** Returns the linear form `form × factor + bias`. */
export function scaleForm(form: LinearForm, factor: number, bias = 0): LinearForm {
  const weights = new Map([...form.weights].map(([raw, weight]) => [raw, weight * factor]));
  return { weights, bias: form.bias * factor + bias };
}

/** Returns the sum of linear forms. */
export function addForms(forms: readonly LinearForm[]): LinearForm {
  const weights = new Map<number, number>();
  let bias = 0;
  for (const form of forms) {
    bias += form.bias;
    for (const [raw, weight] of form.weights) weights.set(raw, (weights.get(raw) ?? 0) + weight);
  }
  return { weights, bias };
}

/**
 * Applies a link function to the columns of `scores`, which must not have a link function yet. A softmax of two
 * columns becomes the logistic function of their difference, which has the same value.
 */
export function applyLink(scores: ScoreTensor, link: Link): ScoreTensor {
  if (link === "identity") return scores;
  if (scores.link !== "identity") {
    throw new ImportRejectedError(
      "unsupported",
      `the trees' sum passes through ${scores.link} and then through ${link}`,
    );
  }
  const [first, second, ...others] = scores.forms;
  if (link !== "softmax" || first === undefined || others.length > 0) return { forms: scores.forms, link };
  if (second === undefined) return { forms: [constantForm(1)], link: "identity" };
  const difference = addForms([second, scaleForm(first, -1)]);
  return { forms: [scaleForm(difference, -1), difference], link: "logistic" };
}
