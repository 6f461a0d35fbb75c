import type { ModelSpec } from "@bellwether/config/model-spec";
import { NoRowsError, OneClassError, TooFewRowsError } from "./training-error.ts";

/** Fewest training rows of either class: with less a single split can memorise them. */
const LEAST_OF_CLASS = 10;

/** Number of ones. */
export const countPositives = (labels: Uint8Array): number => labels.reduce((sum, label) => sum + label, 0);

/**
 * Makes sure that there is something to learn from, or to judge by.
 * @throws NoRowsError there are no rows; OneClassError all have one label; TooFewRowsError fewer than ten training rows of a class.
 */
export function checkClasses(side: "training" | "test", labels: Uint8Array, target: ModelSpec["target"]): void {
  if (labels.length === 0) throw new NoRowsError(side);
  const positives = countPositives(labels);
  const [found, label, other] =
    2 * positives <= labels.length
      ? [positives, target.riskClass, target.otherClass]
      : [labels.length - positives, target.otherClass, target.riskClass];
  if (found === 0) throw new OneClassError(side, labels.length, other);
  if (side === "training" && found < LEAST_OF_CLASS)
    throw new TooFewRowsError(found, LEAST_OF_CLASS, label, labels.length);
}
