import { nearestName } from "@bellwether/contract/nearest-name";
import type { BundleFeature, FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import type { ColumnarInput } from "@bellwether/risk-model/features/supplier-input";
import { BatchShapeError } from "./ml-error.ts";

/**
 * Rejects a batch that has a column which the model does not know; the error names the most similar known
 * column. @throws BatchShapeError
 */
export function checkColumnNames(bundle: Pick<FeatureBundle, "features">, input: ColumnarInput): void {
  const check = (names: Iterable<string>, kind: "numeric" | "category", field: string): void => {
    const takes = ({ kind: own, codes }: BundleFeature): boolean =>
      own === kind || (kind === "category" && codes !== undefined && codes.labels !== null);
    const known = bundle.features.filter(takes).map((feature) => feature.name);
    for (const name of names) {
      if (known.includes(name)) continue;
      const near = nearestName(name, known);
      throw new BatchShapeError(
        field,
        `unknown feature "${name.slice(0, 80)}"${near ? `; did you mean "${near}"?` : ""}`,
      );
    }
  };
  check(input.numbers.keys(), "numeric", "feature_names");
  check(input.categories.keys(), "category", "categories");
}
