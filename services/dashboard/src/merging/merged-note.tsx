import type { Supplier, SupplierScore } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { scoreText } from "../parts/format.ts";
import { SupplierLink } from "./supplier-link.tsx";

interface MergedNoteProps {
  readonly supplier: Supplier;
  /** The latest scores of the suppliers that are merged into it. */
  readonly scores: readonly SupplierScore[];
}

/** Says into which supplier this one is merged, or which ones are merged into it, with their latest scores. */
export default function MergedNote({ supplier: { mergedInto, mergedSupplierIds }, scores }: MergedNoteProps) {
  if (mergedInto !== "")
    return (
      <p>
        Merged into <SupplierLink supplierId={mergedInto} name="" />, which lists and searches show. These are its own
        data.
      </p>
    );
  return mergedSupplierIds.map((supplierId) => {
    const score = scores.find((one) => one.scoredSupplierId === supplierId);
    return (
      <p key={supplierId}>
        <SupplierLink supplierId={supplierId} name="" /> is merged into this supplier
        {score && `; risk score ${scoreText(score.riskScore, undefined, score.bandLimits)} in ${score.isoWeek}`}.
      </p>
    );
  });
}
