import type { FeatureContribution } from "@bellwether/reasons/feature-info";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { textOfCode } from "@bellwether/risk-model/features/category-codes";
import { columnName } from "@bellwether/risk-model/features/vectorize";

export type { FeatureContribution };

/**
 * Adds up column contributions by feature (all columns of a category are one feature). Largest magnitude
 * first; ties are in the model's order.
 * @param given The supplier's own numbers. A feature that is not in it is missing, even when a default value was used for it.
 */
export function featureContributions(
  bundle: FeatureBundle,
  row: Float32Array,
  contributions: Float32Array,
  given: Readonly<Record<string, number>>,
): FeatureContribution[] {
  const coded = new Map(
    bundle.features.flatMap((feature) => (feature.codes === undefined ? [] : [[feature.name, feature]])),
  );
  const byFeature = new Map<string, FeatureContribution>();
  for (const [c, column] of bundle.columns.entries()) {
    const contribution = contributions[c] as number;
    const x = row[c] as number;
    if (column.kind !== "category") {
      const name = columnName(column);
      const value = column.kind === "term" ? x : Object.hasOwn(given, name) ? (given[name] ?? null) : null;
      const feature = coded.size === 0 ? undefined : coded.get(name);
      const category = feature === undefined ? "" : textOfCode({ feature }, x);
      byFeature.set(name, { feature: name, value, category, contribution });
      continue;
    }
    const before = byFeature.get(column.feature);
    byFeature.set(column.feature, {
      feature: column.feature,
      value: null,
      category: x === 1 ? column.category : (before?.category ?? ""),
      contribution: (before?.contribution ?? 0) + contribution,
    });
  }
  return [...byFeature.values()].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
}
