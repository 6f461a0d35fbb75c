import type { FeatureSlot } from "./feature-slots.ts";
import type { VectorWarning } from "./vector.ts";

/**
 * Returns the warning about a number outside the values that the training saw; null: it is inside. Numbers are compared as
 * float32, so that a number and its float32 in a batch have the same result.
 */
export function outsideTraining({ feature }: FeatureSlot, value: number): VectorWarning | null {
  const { name, training } = feature;
  const single = Math.fround(value);
  if (training === null || (single >= Math.fround(training.min) && single <= Math.fround(training.max))) return null;
  const message = `${name} is ${value}; training saw ${training.min} to ${training.max}`;
  return { code: "OUTSIDE_TRAINING_RANGE", feature: name, message };
}
