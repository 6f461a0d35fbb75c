import { codesByNumber, codesByText } from "@bellwether/tree-model/trees/category-codes";
import { float32AtMost, LARGEST_FLOAT32 } from "@bellwether/tree-model/trees/float32";
import type { BundleFeature, FeatureBundle } from "../bundle/feature-bundle.ts";
import { fillerOf } from "./missing-features.ts";

/** A feature with its position in the row. */
export interface FeatureSlot {
  readonly feature: BundleFeature;
  /** First column of the feature. */
  readonly column: number;
  /** Offset of each category's column from `column`. */
  readonly categories: ReadonlyMap<string, number>;
  /**
   * Range of possible numbers as float32, both ends included. Values are compared as float32 too, so that a
   * number and its float32 in a batch have the same result.
   */
  readonly low: number;
  readonly high: number;
  /** Number that replaces a missing value, see `fillerOf`. */
  readonly filler: number;
  /** Codes by text, for a number that is the code of a category. */
  readonly codes: ReadonlyMap<string, number>;
  /** Codes by category, where all categories of the column are numbers (see `codesByNumber`); else empty. */
  readonly numbers: ReadonlyMap<number, number>;
  /** Rounds a number to the float32 of the row. */
  readonly round: (value: number) => number;
}

/** Returns the features of a bundle by name, in the model's order, and the first column of the text's terms. */
export function featureSlots(bundle: FeatureBundle): {
  readonly slots: ReadonlyMap<string, FeatureSlot>;
  readonly textColumn: number;
} {
  const slots = new Map<string, FeatureSlot>();
  let column = 0;
  for (const feature of bundle.features) {
    slots.set(feature.name, {
      feature,
      column,
      categories: new Map(feature.categories.map((category, i) => [category, i])),
      low: Math.max(-LARGEST_FLOAT32, Math.fround(feature.range?.[0] ?? -LARGEST_FLOAT32)),
      high: Math.min(LARGEST_FLOAT32, Math.fround(feature.range?.[1] ?? LARGEST_FLOAT32)),
      codes: codesByText(feature.codes),
      numbers: codesByNumber(feature.codes),
      round: bundle.rounding === "down" ? float32AtMost : Math.fround,
      filler: fillerOf(feature),
    });
    column += feature.kind === "numeric" ? 1 : feature.categories.length;
  }
  return { slots, textColumn: column };
}

/** Whether a number is in the possible range; false for NaN and infinities. */
export function isPossible({ low, high }: FeatureSlot, value: number): boolean {
  const single = Math.fround(value);
  return single >= low && single <= high;
}
