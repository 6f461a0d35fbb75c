import type { BundleFeature, FeatureBundle } from "../bundle/feature-bundle.ts";
import type { TextWriter } from "../text/tf-idf.ts";
import { codeOfNumber, isKnownNumber } from "./category-codes.ts";
import { type FeatureSlot, featureSlots, isPossible } from "./feature-slots.ts";
import { numberViolation } from "./feature-violations.ts";
import { countsForMinimum, isRequired, leastFeatures, requiredViolation } from "./missing-features.ts";
import type { ColumnarInput } from "./supplier-input.ts";
import { codeOfText } from "./unknown-category.ts";
import type { VectorBatch, Violation } from "./vector.ts";

/** A batch whose rows are being filled. */
interface Draft {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
  readonly missingCounts: Uint16Array;
  /** Number of the missing features that count for the minimum, per row. */
  readonly countedMissing: Uint16Array;
  readonly firstViolation: Map<number, Violation>;
  /** Number of unknown categories by feature. */
  readonly unknown: Map<string, number>;
}

/** Converts suppliers in columns to the model's rows. @param writeText Null when the model has no text. */
export function createBatchVectorizer(
  bundle: FeatureBundle,
  writeText: TextWriter | null,
): (input: ColumnarInput) => VectorBatch {
  const { slots, textColumn } = featureSlots(bundle);
  // Number of missing features above which a row has no score.
  const mostMissing = bundle.features.filter(countsForMinimum).length - leastFeatures(bundle);
  const columns = bundle.columns.length;
  return (input) => {
    const { rows } = input;
    const draft: Draft = {
      rows,
      columns,
      values: new Float32Array(rows * columns),
      missingCounts: new Uint16Array(rows),
      countedMissing: new Uint16Array(rows),
      firstViolation: new Map(),
      unknown: new Map(),
    };
    const { values, missingCounts, countedMissing } = draft;
    for (const [name, slot] of slots) {
      if (slot.feature.kind === "numeric") putNumbers(slot, numbersOf(slot, input, draft), draft);
      else putCategories(slot, columnOf(input.categories, name, rows), draft);
    }
    const tooFew = new Uint8Array(rows);
    for (let row = 0; row < rows; row++) tooFew[row] = countedMissing[row] > mostMissing ? 1 : 0;
    if (writeText !== null) {
      const texts = textsOf(input);
      for (let row = 0; row < rows; row++) {
        const text = texts === null ? "" : texts[row];
        // The text is a feature like the others, but not one that decides whether enough of them are known.
        if (text === "") missingCounts[row] += 1;
        writeText(text, values, row * columns + textColumn);
      }
    }
    const violations = [...draft.firstViolation]
      .sort((a, b) => a[0] - b[0])
      .map(([row, violation]) => ({ ...violation, row }));
    for (const { row } of violations) values.fill(Number.NaN, row * columns, (row + 1) * columns);
    return { values, missingCounts, tooFew, unknownCategories: draft.unknown, violations };
  };
}

function textsOf({ texts, rows }: ColumnarInput): readonly string[] | null {
  if (texts !== null && texts.length !== rows) throw new RangeError(`${texts.length} texts for ${rows} rows`);
  return texts;
}

function columnOf<Column extends { readonly length: number }>(
  given: ReadonlyMap<string, Column>,
  name: string,
  rows: number,
): Column | undefined {
  const column = given.get(name);
  if (column !== undefined && column.length !== rows)
    throw new RangeError(`${name} has ${column.length} values for ${rows} rows`);
  return column;
}

/**
 * Returns the numbers of a feature. Where the model knows the texts of category codes, the caller may send
 * texts instead.
 */
function numbersOf(slot: FeatureSlot, input: ColumnarInput, draft: Draft): Float32Array | Float64Array | undefined {
  const { name } = slot.feature;
  const numbers = columnOf(input.numbers, name, input.rows);
  const texts = slot.codes.size === 0 ? undefined : columnOf(input.categories, name, input.rows);
  const readNumber = (number: number): number => {
    if (!Number.isNaN(number) && !isKnownNumber(slot, number)) countUnknown(draft, name);
    return codeOfNumber(slot, number);
  };
  if (texts === undefined) {
    return slot.feature.codes === undefined || numbers === undefined ? numbers : Float64Array.from(numbers, readNumber);
  }
  return Float64Array.from(texts, (text, row) => {
    const number = numbers === undefined ? Number.NaN : numbers[row];
    if (text === null) return readNumber(number);
    if (!Number.isNaN(number) && !draft.firstViolation.has(row)) {
      const message = `${name} is sent as a number and as a category; send one of them`;
      draft.firstViolation.set(row, { field: `categories.${name}`, reason: "FEATURE_WRONG_KIND", message });
    }
    if (!slot.codes.has(text)) countUnknown(draft, name);
    return codeOfText(slot, text) ?? Number.NaN;
  });
}

function countUnknown({ unknown }: Draft, feature: string): void {
  unknown.set(feature, (unknown.get(feature) ?? 0) + 1);
}

function countMissing({ missingCounts, countedMissing }: Draft, feature: BundleFeature, row: number): void {
  missingCounts[row] += 1;
  if (countsForMinimum(feature)) countedMissing[row] += 1;
}

function putNumbers(slot: FeatureSlot, given: Float32Array | Float64Array | undefined, draft: Draft): void {
  const { feature, column, filler } = slot;
  const { rows, columns, values, firstViolation } = draft;
  const field = `values.${feature.name}`;
  const rejects = isRequired(feature);
  for (let row = 0; row < rows; row++) {
    const value = given === undefined ? Number.NaN : given[row];
    if (isPossible(slot, value)) values[row * columns + column] = slot.round(value);
    else if (Number.isNaN(value)) {
      countMissing(draft, feature, row);
      values[row * columns + column] = filler;
      if (rejects && !firstViolation.has(row)) firstViolation.set(row, requiredViolation(feature, field));
    } else if (!firstViolation.has(row)) firstViolation.set(row, numberViolation(slot, value, field));
  }
}

function putCategories(slot: FeatureSlot, given: readonly (string | null)[] | undefined, draft: Draft): void {
  const { feature, column, categories } = slot;
  const { rows, columns, values, firstViolation } = draft;
  const field = `categories.${feature.name}`;
  const rejects = isRequired(feature);
  for (let row = 0; row < rows; row++) {
    const value = given === undefined ? null : given[row];
    const code = value === null ? undefined : categories.get(value);
    if (code !== undefined) values[row * columns + column + code] = 1;
    else if (value === null || countsForMinimum(feature)) {
      countMissing(draft, feature, row);
      if (value !== null) countUnknown(draft, feature.name);
      if (value === null && rejects && !firstViolation.has(row))
        firstViolation.set(row, requiredViolation(feature, field));
    }
  }
}
