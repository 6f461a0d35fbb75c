import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { columnName } from "@bellwether/risk-model/features/vectorize";
import { MAX_REASONS } from "./compared-row.ts";

/** The position in a list of feature names of each model column: the columns of a category are one feature. */
export interface FeatureColumns {
  readonly names: readonly string[];
  readonly featureOfColumn: Int32Array;
}

/** Prepares a bundle for `topFeatures`. */
export function featureColumns({ columns }: Pick<FeatureBundle, "columns">): FeatureColumns {
  const places = new Map<string, number>();
  const featureOfColumn = Int32Array.from(columns, (column) => {
    const name = column.kind === "category" ? column.feature : columnName(column);
    const place = places.get(name) ?? places.size;
    places.set(name, place);
    return place;
  });
  return { names: [...places.keys()], featureOfColumn };
}

/**
 * Returns the names of the features with the largest contributions, as `SupplierScore.contributions` orders them: at most three, without
 * those that contribute 0.
 * @param contributions of the columns of one row
 */
export function topFeatures({ names, featureOfColumn }: FeatureColumns, contributions: Float32Array): string[] {
  const sums = new Float64Array(names.length);
  for (const [column, feature] of featureOfColumn.entries())
    sums[feature] = (sums[feature] as number) + (contributions[column] as number);
  const size = (feature: number): number => Math.abs(sums[feature] as number);
  const top: number[] = [];
  for (let feature = 0; feature < names.length; feature++) {
    if (!(size(feature) > 0)) continue;
    let at = top.length;
    while (at > 0 && size(top[at - 1] as number) < size(feature)) at--;
    if (at < MAX_REASONS) top.splice(at, 0, feature);
    if (top.length > MAX_REASONS) top.pop();
  }
  return top.map((feature) => names[feature] as string);
}

/** Returns the names of the first contributions of a score, at most three, without those that contribute 0. */
export const firstFeatures = (
  contributions: readonly { readonly feature: string; readonly contribution: number }[],
): string[] =>
  contributions
    .slice(0, MAX_REASONS)
    .filter(({ contribution }) => contribution !== 0)
    .map(({ feature }) => feature);
