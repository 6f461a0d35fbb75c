import { MAX_CATEGORY_BYTES, MAX_SUPPLIER_NAME_BYTES } from "@bellwether/contract/limits";
import type { PredictBatchRequestSchema } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { SubmitChunkRequestSchema } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import type { ChunkAttributes, SnapshotChunk } from "@bellwether/ingest/snapshot/snapshot-chunks";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { categoryColumn } from "./category-column.ts";

/** Converts the features of a chunk to the columns of PredictBatch. The caller adds the model. */
export function featuresToProto(chunk: SnapshotChunk) {
  const values = new Float32Array(chunk.rows * chunk.numbers.size);
  for (const [i, column] of [...chunk.numbers.values()].entries()) values.set(column, i * chunk.rows);
  return {
    supplierIds: [...chunk.supplierIds],
    featureNames: [...chunk.numbers.keys()],
    values: new Uint8Array(values.buffer),
    valuesChecksums: [...chunk.numbers.values()].map((column) => checksum(column)),
    categories: [...chunk.categories].map(([name, column]) => categoryColumn(name, column)),
    contractTexts: chunk.texts === null ? [] : [...chunk.texts],
  } satisfies MessageInitShape<typeof PredictBatchRequestSchema>;
}

/**
 * Returns the checksum as PredictBatchRequest.values_checksums defines it, of the float32 values that are
 * sent.
 */
function checksum(column: Float32Array | Float64Array): number {
  let sum = 0;
  for (let row = 0; row < column.length; row++) {
    const value = Math.fround(column[row] as number);
    if (Number.isFinite(value)) sum += (row + 1) * value;
  }
  return sum;
}

/**
 * Converts the suppliers of a chunk to the columns of SubmitChunk. An attribute that no row has is omitted:
 * ops-service then keeps its value.
 */
export function attributesToProto(attributes: ChunkAttributes) {
  const { displayName, region, category, exposure } = attributes;
  const known = (column: readonly (string | null)[]): boolean => column.some((value) => value !== null);
  const column = (name: string, values: readonly (string | null)[]) => {
    const { codes, dictionary } = categoryColumn(name, values);
    return { name, codes, dictionary: dictionary.map((value) => plainText(value, MAX_CATEGORY_BYTES)) };
  };
  return {
    ...(known(displayName) && {
      supplierNames: displayName.map((name) => plainText(name ?? "", MAX_SUPPLIER_NAME_BYTES)),
    }),
    ...(known(region) && { regions: column("region", region) }),
    ...(known(category) && { categories: column("category", category) }),
    ...(exposure.some((money) => !Number.isNaN(money)) && {
      exposures: new Uint8Array(exposure.buffer, exposure.byteOffset, exposure.byteLength),
    }),
  } satisfies MessageInitShape<typeof SubmitChunkRequestSchema>;
}

/**
 * Removes NUL and cuts to whole characters within `maxBytes` of UTF-8. The ingest has counted both as changed
 * attributes.
 */
export function plainText(text: string, maxBytes: number): string {
  const clean = text.replaceAll("\0", "");
  if (clean.length * 3 <= maxBytes) return clean;
  const { read } = new TextEncoder().encodeInto(clean, new Uint8Array(maxBytes));
  return clean.slice(0, read);
}
