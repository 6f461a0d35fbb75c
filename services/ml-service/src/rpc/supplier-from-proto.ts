import type { Supplier } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { SupplierInput } from "@bellwether/risk-model/features/supplier-input";

/** Returns the data of a supplier as the vectorizer reads them. Unset: a supplier without data. */
export const supplierFromProto = (supplier: Supplier | undefined): SupplierInput => ({
  features: supplier?.features ?? {},
  categories: supplier?.categories ?? {},
  text: supplier?.contractText ?? "",
  terms: supplier?.termWeights ?? {},
});
