import { MISSING_CATEGORY_CODE } from "@bellwether/contract/category-wire-code";
import {
  type PredictBatchRequest,
  PredictBatchRequestSchema,
  PredictRowsRequestSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { fromBinary } from "@bufbuild/protobuf";
import { float32s } from "../../domain/number-bytes.ts";
import type { ScoredSupplier } from "../../domain/scores/stored-input.ts";

/** Reads the suppliers of a batch from its encoded request. Undefined: the bytes are not a request of this type. */
export function suppliersOfBatch(typeName: string, bytes: Uint8Array): readonly ScoredSupplier[] | undefined {
  try {
    if (typeName === PredictRowsRequestSchema.typeName)
      return fromBinary(PredictRowsRequestSchema, bytes).suppliers.map(
        ({ supplierId, features, categories, contractText, termWeights }) => ({
          ...{ supplierId, features, categories, contractText, termWeights },
        }),
      );
    return typeName === PredictBatchRequestSchema.typeName
      ? suppliersOfColumns(fromBinary(PredictBatchRequestSchema, bytes))
      : undefined;
  } catch {
    return undefined;
  }
}

/** A float32 value is the same number as float64, and back. */
function suppliersOfColumns(request: PredictBatchRequest): readonly ScoredSupplier[] {
  const { supplierIds, featureNames, values, numbers, categories, contractTexts } = request;
  const rows = supplierIds.length;
  const all = float32s(values);
  const columns: (readonly [name: string, column: ArrayLike<number>])[] = [
    ...featureNames.map((name, i) => [name, all.subarray(i * rows, (i + 1) * rows)] as const),
    ...numbers.map(({ name, values: column }) => [name, Float32Array.from(column)] as const),
  ];
  return supplierIds.map((supplierId, row) => {
    const known = columns.flatMap(([name, column]) => {
      const value = column[row] ?? Number.NaN;
      return Number.isNaN(value) ? [] : [[name, value] as const];
    });
    const texts = categories.flatMap(({ name, dictionary, codes }) => {
      const code = codes[row] ?? MISSING_CATEGORY_CODE;
      return code === MISSING_CATEGORY_CODE ? [] : [[name, dictionary[code] ?? ""] as const];
    });
    return {
      supplierId,
      features: Object.fromEntries(known),
      categories: Object.fromEntries(texts),
      contractText: contractTexts[row] ?? "",
      termWeights: {},
    };
  });
}
