import type { SupplierScore } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { countOf, countText } from "./format.ts";

/** How many of the model's features are known. A score of few features is less certain than it looks. */
export function CompletenessBadge({ score }: { score: SupplierScore }) {
  const { featuresPresent, featuresTotal, incomplete } = score;
  if (featuresPresent === undefined || featuresTotal === undefined) return null;
  return (
    <span
      className="badge"
      data-tone={incomplete ? "careful" : "quiet"}
      title={incomplete ? "Few values are known: the score is less certain than it looks" : "Values that are known"}
    >
      {`${incomplete ? "Incomplete: " : ""}${countText(featuresPresent)} of ${countOf(featuresTotal, "value")} known`}
    </span>
  );
}
