import { float32AtMost } from "@bellwether/tree-model/trees/float32";
import type { BundleFeature, FeatureBundle } from "../bundle/feature-bundle.ts";

/** Largest finite float32: beyond it a number reaches the trees as infinity. */
const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

/** A feature with its place in the row. */
export interface FeatureSlot {
  readonly feature: BundleFeature;
  /** First column of the feature. */
  readonly column: number;
  /** Column of a category, counted from `column`. */
  readonly categories: ReadonlyMap<string, number>;
  /**
   * Possible numbers as float32, both ends allowed. Values are compared as float32 too, so that a number and its float32 in a batch are
   * judged alike.
   */
  readonly low: number;
  readonly high: number;
  /** What stands for a missing number. */
  readonly filler: number;
  /** Text → code, of a number that is a category's code. */
  readonly codes: ReadonlyMap<string, number>;
  /** Makes a number the row's float32. */
  readonly round: (value: number) => number;
}

/** The features of a bundle in the model's order, by name, and the column where the text's terms start. */
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
      codes: codesByText(feature),
      round: bundle.rounding === "down" ? float32AtMost : Math.fround,
      filler:
        feature.missing === "median" ? (feature.training?.median ?? Number.NaN) : (feature.codes?.other ?? Number.NaN),
    });
    column += feature.kind === "numeric" ? 1 : feature.categories.length;
  }
  return { slots, textColumn: column };
}

/** The first of several codes with one text counts. */
function codesByText({ codes }: BundleFeature): ReadonlyMap<string, number> {
  const byText = new Map<string, number>();
  for (const [at, label] of (codes?.labels ?? []).entries()) {
    if (!byText.has(label)) byText.set(label, codes?.values[at] as number);
  }
  return byText;
}

/** Whether a number is possible; NaN and infinities never are. */
export function isPossible({ low, high }: FeatureSlot, value: number): boolean {
  const single = Math.fround(value);
  return single >= low && single <= high;
}

/** Fewest known features for a score; the share may be a rounded decimal. */
export const leastFeatures = (bundle: FeatureBundle): number =>
  Math.ceil(bundle.minimumPresent * bundle.features.length - 1e-9);
