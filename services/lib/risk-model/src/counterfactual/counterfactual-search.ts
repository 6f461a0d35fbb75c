import type { VariableChange } from "@bellwether/tree-model/search/change-variable";
import { type ChangeSearchResult, findCheapestChanges } from "@bellwether/tree-model/search/cheapest-changes";
import type { SearchLimits } from "@bellwether/tree-model/search/search-budget";
import { lastFloat32Where } from "@bellwether/tree-model/trees/float32";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import type { FeatureBundle } from "../bundle/feature-bundle.ts";
import { calibratedRisk } from "../calibrate/calibration.ts";
import type { SupplierInput } from "../features/supplier-input.ts";
import type { Vector } from "../features/vector.ts";
import type { ChangeRequest, FeatureChange, FixedFeature } from "./change-request.ts";
import { type ChangeableFeature, createChangeSpaces } from "./change-space.ts";
import type { ResolvedLimit } from "./resolve-limits.ts";

/** Changes after which the score is below the limit. */
export interface FoundChanges {
  /** In the order of the model's features. */
  readonly changes: readonly FeatureChange[];
  readonly cost: number;
}

/** One search. */
export interface CounterfactualTask extends Omit<ChangeRequest, "limits"> {
  readonly vector: Vector;
  readonly limits: ReadonlyMap<string, ResolvedLimit>;
  /** The risk score must be below it. */
  readonly scoreBelow: number;
  /** Changes (`changesKey`) that scoring has shown not to be enough. */
  readonly rejected: ReadonlySet<string>;
  readonly searchLimits: SearchLimits;
}

/** The result of one search. */
export interface CounterfactualSearchResult extends Pick<ChangeSearchResult, "end" | "steps"> {
  /** Cheapest first. */
  readonly found: readonly FoundChanges[];
  /** Features that do not change. */
  readonly fixed: readonly FixedFeature[];
}

/** Returns a text that differs for different changes. */
export const changesKey = (changes: readonly FeatureChange[]): string =>
  JSON.stringify(changes.map(({ feature, to }) => [feature, to]));

/**
 * Prepares the search for the smallest changes of a supplier that lower its score below a limit. The result is a
 * pure function of the supplier, the limits and the model unless time ends the search.
 * @param model Trees of the model, with one output.
 */
export function createCounterfactualSearch(
  bundle: FeatureBundle,
  model: TreeModel,
): (task: CounterfactualTask) => CounterfactualSearchResult {
  const spaceOf = createChangeSpaces(bundle, model);
  return ({ vector, limits, scoreBelow, maxChanges, maxAnswers, rejected, searchLimits }) => {
    const { changeable, fixed } = spaceOf(vector, limits);
    const describe = (changes: readonly VariableChange[]): FeatureChange[] =>
      changes.map((change) => describeChange(changeable[change.variable], change.option));
    // The score never decreases as the output increases.
    const limit = lastFloat32Where((output) => calibratedRisk(bundle, output) < scoreBelow);
    const { answers, end, steps } = findCheapestChanges({
      ...{ model, limit, maxChanges, maxAnswers, limits: searchLimits },
      row: vector.row,
      variables: changeable.map(({ variable }) => variable),
      isRejected: (changes) => rejected.size > 0 && rejected.has(changesKey(describe(changes))),
    });
    return { found: answers.map(({ changes, cost }) => ({ changes: describe(changes), cost })), fixed, end, steps };
  };
}

function describeChange({ feature, variable, values }: ChangeableFeature, option: number): FeatureChange {
  return {
    feature: feature.name,
    from: values[variable.current],
    to: values[option],
    unit: feature.unit,
    cost: variable.costs[option],
  };
}

/** Returns the supplier with the changes, in the form of a request. */
export function changedSupplier(input: SupplierInput, changes: readonly FeatureChange[]): SupplierInput {
  const features = new Map(Object.entries(input.features));
  const categories = new Map(Object.entries(input.categories));
  for (const { feature, to } of changes) {
    // A number may have been sent as a text, and a category as a code.
    features.delete(feature);
    categories.delete(feature);
    if (typeof to === "number") features.set(feature, to);
    else categories.set(feature, to);
  }
  return { ...input, features: Object.fromEntries(features), categories: Object.fromEntries(categories) };
}
