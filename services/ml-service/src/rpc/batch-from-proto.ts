import { MISSING_CATEGORY_CODE } from "@bellwether/contract/category-wire-code";
import { MAX_CONTRACT_TEXT_BYTES, MAX_FEATURE_NAME_BYTES, MAX_SUPPLIER_ID_BYTES } from "@bellwether/contract/limits";
import { supplierIdViolation } from "@bellwether/contract/supplier-id";
import type { PredictBatchRequest } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { WarningCode } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { countText } from "@bellwether/reasons/count-text";
import type { ColumnarInput } from "@bellwether/risk-model/features/supplier-input";
import { BatchShapeError } from "../domain/ml-error.ts";

/**
 * Splits column-major float32 little-endian bytes into columns. The bytes can begin at any offset of a larger
 * buffer. Their copy is in memory that the scoring threads share, so that it is the only one.
 */
function numbersFromBytes(names: readonly string[], bytes: Uint8Array, rows: number): Map<string, Float32Array> {
  if (bytes.byteLength !== names.length * rows * 4) {
    throw new BatchShapeError(
      "values",
      `${countText(bytes.byteLength, "byte")}; ${countText(rows, "supplier")} × ${names.length} feature_names × 4 bytes are ${names.length * rows * 4}`,
    );
  }
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  copy.set(bytes);
  const all = new Float32Array(copy.buffer);
  const columns = new Map<string, Float32Array>();
  for (const [i, name] of names.entries()) {
    if (columns.has(name)) throw new BatchShapeError(`feature_names[${i}]`, `"${name}" is named twice`);
    columns.set(name, all.subarray(i * rows, (i + 1) * rows));
  }
  return columns;
}

/** Adds the columns of `numbers` to the columns from `values`. */
function addNumberColumns(columns: Map<string, Float32Array>, request: PredictBatchRequest, rows: number): void {
  for (const [i, { name, values }] of request.numbers.entries()) {
    if (columns.has(name)) throw new BatchShapeError(`numbers[${i}].name`, `"${name}" is named twice`);
    if (values.length !== rows)
      throw new BatchShapeError(
        `numbers[${i}].values`,
        `${countText(values.length, "value")} of "${name}" for ${countText(rows, "supplier")}`,
      );
    columns.set(name, Float32Array.from(values));
  }
}

/** Maximum difference from a checksum that rounding can cause, as a share of the sum of magnitudes. */
const CHECKSUM_TOLERANCE = 1e-6;

/**
 * Checks the columns against their checksums. With a wrong byte order, or with rows sent as columns, the sums
 * differ.
 */
function checkChecksums(columns: ReadonlyMap<string, Float32Array>, checksums: readonly number[]): void {
  if (checksums.length !== columns.size)
    throw new BatchShapeError("values_checksums", `${checksums.length} for ${columns.size} feature_names`);
  for (const [i, [name, column]] of [...columns].entries()) {
    let sum = 0;
    let magnitude = 0;
    for (let row = 0; row < column.length; row++) {
      const value = column[row] as number;
      if (!Number.isFinite(value)) continue;
      sum += (row + 1) * value;
      magnitude += (row + 1) * Math.abs(value);
    }
    const expected = checksums[i] as number;
    if (Math.abs(sum - expected) <= CHECKSUM_TOLERANCE * magnitude) continue;
    throw new BatchShapeError(
      `values_checksums[${i}]`,
      `the values of "${name}" give ${sum}, the checksum says ${expected}; values must be float32 little-endian, all rows of the first feature before the second's (column-major), or send numbers instead`,
    );
  }
}

/** Checks that each id or name has 1 to `maxBytes` bytes, the same limit as in a single call. */
function checkNames(field: string, names: readonly string[], maxBytes: number): void {
  for (const [i, name] of names.entries()) {
    // A UTF-16 unit has at most three bytes in UTF-8, so the bytes of a short name need not be counted.
    const bytes = name.length * 3 <= maxBytes ? name.length : Buffer.byteLength(name);
    if (name === "") throw new BatchShapeError(`${field}[${i}]`, `is empty; expected 1 to ${maxBytes} bytes`);
    if (bytes > maxBytes)
      throw new BatchShapeError(`${field}[${i}]`, `has ${countText(bytes, "byte")}; expected 1 to ${maxBytes}`);
  }
}

function categoriesFromCodes(request: PredictBatchRequest, rows: number): Map<string, (string | null)[]> {
  const columns = new Map<string, (string | null)[]>();
  for (const [i, { name, dictionary, codes }] of request.categories.entries()) {
    if (columns.has(name)) throw new BatchShapeError(`categories[${i}].name`, `"${name}" is named twice`);
    if (codes.length !== rows)
      throw new BatchShapeError(
        `categories[${i}].codes`,
        `${countText(codes.length, "code")} for ${countText(rows, "supplier")}`,
      );
    columns.set(
      name,
      codes.map((code, row) => {
        if (code === MISSING_CATEGORY_CODE) return null;
        const value = dictionary[code];
        if (value === undefined)
          throw new BatchShapeError(
            `categories[${i}].codes[${row}]`,
            `${code} is beyond the dictionary's ${countText(dictionary.length, "value")}`,
          );
        return value;
      }),
    );
  }
  return columns;
}

/** Reads the columns of a batch. @throws BatchShapeError naming the invalid field */
export function batchFromProto(request: PredictBatchRequest): ColumnarInput {
  const rows = request.supplierIds.length;
  const texts = request.contractTexts;
  if (texts.length !== 0 && texts.length !== rows) {
    throw new BatchShapeError(
      "contract_texts",
      `${countText(texts.length, "text")} for ${countText(rows, "supplier")}; send one each, or none at all`,
    );
  }
  for (const [row, text] of texts.entries()) {
    const mayBeLonger = text.length * 3 > MAX_CONTRACT_TEXT_BYTES;
    if (mayBeLonger && Buffer.byteLength(text) > MAX_CONTRACT_TEXT_BYTES)
      throw new BatchShapeError(`contract_texts[${row}]`, "over 1 MiB");
  }
  checkNames("supplier_ids", request.supplierIds, MAX_SUPPLIER_ID_BYTES);
  for (const [row, id] of request.supplierIds.entries()) {
    const violation = supplierIdViolation(id);
    if (violation !== undefined) throw new BatchShapeError(`supplier_ids[${row}]`, violation);
  }
  checkNames("feature_names", request.featureNames, MAX_FEATURE_NAME_BYTES);
  const numbers = numbersFromBytes(request.featureNames, request.values, rows);
  if (request.valuesChecksums.length > 0) checkChecksums(numbers, request.valuesChecksums);
  addNumberColumns(numbers, request, rows);
  return {
    rows,
    numbers,
    categories: categoriesFromCodes(request, rows),
    texts: texts.length === 0 ? null : texts,
  };
}

/** Returns the path of a field in the request: a feature that is not in feature_names belongs to numbers. */
export function batchField({ featureNames }: PredictBatchRequest, field: string): string {
  const [, name] = /^values\.(.*)$/s.exec(field) ?? [];
  return name === undefined || featureNames.includes(name) ? field : `numbers.${name}`;
}

/**
 * Returns the warnings about a whole batch: values that were not checked, and the categories of each feature that
 * the model does not know. Empty: there are none.
 */
export function batchWarnings(
  { featureNames, valuesChecksums }: PredictBatchRequest,
  unknownCategories: ReadonlyMap<string, number>,
) {
  const unknown = [...unknownCategories].map(([feature, count]) => ({
    code: WarningCode.UNKNOWN_CATEGORY,
    feature,
    message: `${feature} has ${countText(count, "value")} that the model does not know as a category`,
  }));
  if (featureNames.length === 0 || valuesChecksums.length > 0) return unknown;
  const message =
    "values were sent without values_checksums: bytes in another order would be scored as other numbers; send values_checksums, or use numbers";
  return [{ code: WarningCode.VALUES_UNCHECKED, feature: "", message }, ...unknown];
}
