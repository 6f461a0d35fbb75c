import type { Link } from "./tree-model.ts";

/**
 * Applies the model's link function to raw outputs.
 * @param margins `[n × outputs]`, row-major.
 * @returns Predictions of the same shape.
 */
export function applyLinkToRows(link: Link, margins: Float64Array, outputs: number): Float64Array {
  switch (link) {
    case "identity":
      return margins;
    case "logistic":
      return margins.map((margin) => 1 / (1 + Math.exp(-margin)));
    case "exp":
      return margins.map(Math.exp);
    case "softmax":
      return softmaxRows(margins, outputs);
  }
}

function softmaxRows(margins: Float64Array, outputs: number): Float64Array {
  const shares = new Float64Array(margins.length);
  for (let at = 0; at < margins.length; at += outputs) {
    const row = margins.subarray(at, at + outputs);
    const largest = row.reduce((max, margin) => Math.max(max, margin), Number.NEGATIVE_INFINITY);
    const weights = row.map((margin) => Math.exp(margin - largest));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    shares.set(
      weights.map((weight) => weight / total),
      at,
    );
  }
  return shares;
}
