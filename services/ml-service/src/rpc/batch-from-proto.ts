import type { PredictBatchRequest } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { ColumnarInput } from "@bellwether/risk-model/features/vectorize";
import { BatchShapeError } from "../domain/ml-error.ts";

/** Code of a missing category. */
const MISSING_CODE = 0xffffffff;
const MAX_TEXT_BYTES = 1_048_576;

/** Splits column-major float32 little-endian bytes into columns; the bytes may stand at any offset of a shared buffer. */
function numbersFromBytes(names: readonly string[], bytes: Uint8Array, rows: number): Map<string, Float32Array> {
  if (bytes.byteLength !== names.length * rows * 4) {
    throw new BatchShapeError(
      "values",
      `${bytes.byteLength} bytes; ${rows} suppliers × ${names.length} feature_names × 4 bytes are ${names.length * rows * 4}`,
    );
  }
  const copy = new Uint8Array(bytes);
  const all = new Float32Array(copy.buffer);
  const columns = new Map<string, Float32Array>();
  for (const [i, name] of names.entries()) {
    if (columns.has(name)) throw new BatchShapeError(`feature_names[${i}]`, `"${name}" is named twice`);
    columns.set(name, all.subarray(i * rows, (i + 1) * rows));
  }
  return columns;
}

function categoriesFromCodes(request: PredictBatchRequest, rows: number): Map<string, (string | null)[]> {
  const columns = new Map<string, (string | null)[]>();
  for (const [i, { name, dictionary, codes }] of request.categories.entries()) {
    if (columns.has(name)) throw new BatchShapeError(`categories[${i}].name`, `"${name}" is named twice`);
    if (codes.length !== rows)
      throw new BatchShapeError(`categories[${i}].codes`, `${codes.length} codes for ${rows} suppliers`);
    columns.set(
      name,
      codes.map((code, row) => {
        if (code === MISSING_CODE) return null;
        const value = dictionary[code];
        if (value === undefined)
          throw new BatchShapeError(
            `categories[${i}].codes[${row}]`,
            `${code} is beyond the dictionary's ${dictionary.length} values`,
          );
        return value;
      }),
    );
  }
  return columns;
}

/** Reads the columns of a batch. @throws BatchShapeError naming the field that does not fit. */
export function batchFromProto(request: PredictBatchRequest): ColumnarInput {
  const rows = request.supplierIds.length;
  const texts = request.contractTexts;
  if (texts.length !== 0 && texts.length !== rows) {
    throw new BatchShapeError(
      "contract_texts",
      `${texts.length} texts for ${rows} suppliers; send one each, or none at all`,
    );
  }
  for (const [row, text] of texts.entries()) {
    if (text.length > MAX_TEXT_BYTES) throw new BatchShapeError(`contract_texts[${row}]`, "over 1 MiB");
  }
  return {
    rows,
    numbers: numbersFromBytes(request.featureNames, request.values, rows),
    categories: categoriesFromCodes(request, rows),
    texts: texts.length === 0 ? null : texts,
  };
}
