import type { ModelSpec } from "@bellwether/config/model-spec";
import { NoRowsError, OneClassError, TooFewRowsError } from "./training-error.ts";

/** Minimum number of training rows of each class. With fewer rows a single split can memorise them. */
const LEAST_OF_CLASS = 10;

/** Returns the number of labels that are 1. */
export const countPositives = (labels: Uint8Array): number => labels.reduce((sum, label) => sum + label, 0);

/**
 * Checks that a side of the split has rows of both classes.
 * @throws NoRowsError without rows; OneClassError when all rows have one label; TooFewRowsError for fewer than ten training rows of a class.
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
