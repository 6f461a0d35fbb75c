import type { ChangeVariable } from "@bellwether/tree-model/search/change-variable";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import type { BundleFeature, FeatureBundle } from "../bundle/feature-bundle.ts";
import { textOfCode } from "../features/category-codes.ts";
import { type FeatureSlot, featureSlots } from "../features/feature-slots.ts";
import type { Vector } from "../features/vector.ts";
import type { FeatureValue, FixedFeature, FixedReason } from "./change-request.ts";
import { type ColumnThresholds, columnThresholds } from "./column-thresholds.ts";
import { numberOptions } from "./number-options.ts";
import type { ResolvedLimit } from "./resolve-limits.ts";
import { shortNumber } from "./short-number.ts";

/** A feature that may change, as a variable of the search. */
export interface ChangeableFeature {
  readonly feature: BundleFeature;
  readonly variable: ChangeVariable;
  /** The value of each option. */
  readonly values: readonly FeatureValue[];
}

/** What may change of one supplier. */
export interface ChangeSpace {
  readonly changeable: readonly ChangeableFeature[];
  /** All other features, in the order of the model; the text is last. */
  readonly fixed: readonly FixedFeature[];
}

/** Prepares a model once; the returned function describes what may change of one supplier. */
export function createChangeSpaces(
  bundle: FeatureBundle,
  model: TreeModel,
): (vector: Vector, limits: ReadonlyMap<string, ResolvedLimit>) => ChangeSpace {
  const { slots } = featureSlots(bundle);
  const round = [...slots.values()].at(0)?.round ?? Math.fround;
  const columns = columnThresholds(model, round);
  return (vector, limits) => {
    const changeable: ChangeableFeature[] = [];
    const fixed: FixedFeature[] = [];
    const missing = new Set(vector.missing);
    for (const [name, slot] of slots) {
      const limit = limits.get(name);
      if (limit === undefined) continue;
      const reason = fixedReason(slot, limit, missing, columns);
      if (reason !== null) {
        fixed.push({ feature: name, reason });
        continue;
      }
      const found = optionsOf(slot, vector, limit, columns);
      if (found.values.length > 1) changeable.push(found);
      else fixed.push({ feature: name, reason: "limits" });
    }
    if (bundle.text !== null) fixed.push({ feature: bundle.text.feature, reason: "text" });
    return { changeable, fixed };
  };
}

function fixedReason(
  { feature, column }: FeatureSlot,
  limit: ResolvedLimit,
  missing: ReadonlySet<string>,
  columns: readonly ColumnThresholds[],
): FixedReason | null {
  if (limit.fixed !== null) return limit.fixed;
  const width = feature.kind === "numeric" ? 1 : feature.categories.length;
  const isUsed = columns.slice(column, column + width).some((c) => c.thresholds.length > 0 || c.hasSets);
  if (!isUsed) return "unused";
  return missing.has(feature.name) ? "missing" : null;
}

function optionsOf(
  slot: FeatureSlot,
  vector: Vector,
  limit: ResolvedLimit,
  columns: readonly ColumnThresholds[],
): ChangeableFeature {
  if (slot.feature.kind === "category") return categoryOptions(slot, vector, limit);
  if (slot.feature.codes !== undefined) return codeOptions(slot, vector, limit);
  return numericOptions(slot, vector, limit, columns[slot.column]);
}

function numericOptions(
  { feature, column, low, high, round }: FeatureSlot,
  { row, features }: Vector,
  limit: ResolvedLimit,
  thresholds: ColumnThresholds,
): ChangeableFeature {
  const present = {
    ...{ low, high, round, single: row[column], value: features[feature.name] },
    scale: scaleOf(feature, thresholds),
  };
  const { numbers, singles, costs, current } = numberOptions(thresholds, present, limit);
  // A stored value is a float32: 0.30000001192092896 is shown as 0.3.
  const shown = present.value === present.single ? shortNumber(present.single, round) : present.value;
  return {
    feature,
    values: numbers.with(current, shown),
    variable: { columns: [column], values: singles, costs, current },
  };
}

/**
 * Returns the change of a number whose cost is the feature's cost: the width of the training range or, when it is
 * not known, that of the thresholds of the trees.
 */
function scaleOf({ training }: BundleFeature, { thresholds }: ColumnThresholds): number {
  const widths = [
    training === null ? 0 : training.max - training.min,
    thresholds[thresholds.length - 1] - thresholds[0],
    Math.abs(thresholds[0]),
  ];
  return widths.find((width) => width > 0 && Number.isFinite(width)) ?? 1;
}

function categoryOptions({ feature, column }: FeatureSlot, { row }: Vector, limit: ResolvedLimit): ChangeableFeature {
  const count = feature.categories.length;
  const current = feature.categories.findIndex((_, i) => row[column + i] === 1);
  const values = new Float32Array(count * count);
  for (let i = 0; i < count; i++) values[i * count + i] = 1;
  return {
    feature,
    values: feature.categories,
    variable: {
      ...{ values, current, columns: Array.from({ length: count }, (_, i) => column + i) },
      costs: Float64Array.from(feature.categories, (_, i) => (i === current ? 0 : limit.cost)),
    },
  };
}

/** The code of a category changes to another code that the model knows. A code without a text is shown as a number. */
function codeOptions(
  { feature, column, codes }: FeatureSlot,
  { row }: Vector,
  limit: ResolvedLimit,
): ChangeableFeature {
  const present = row[column];
  const textOf = (code: number): string => textOfCode({ feature }, code);
  // Where several codes have the same text, that text means the first one.
  const isReachable = (code: number): boolean => textOf(code) === "" || codes.get(textOf(code)) === code;
  const known = (feature.codes?.values ?? []).filter((code) => Math.fround(code) === code && isReachable(code));
  const values = Float32Array.from(new Set([...known, present])).sort();
  const current = values.indexOf(present);
  return {
    feature,
    values: Array.from(values, (code) => textOf(code) || code),
    variable: {
      ...{ values, current, columns: [column] },
      costs: Float64Array.from(values, (_, i) => (i === current ? 0 : limit.cost)),
    },
  };
}
