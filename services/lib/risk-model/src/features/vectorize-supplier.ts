import type { BundleFeature, FeatureBundle } from "../bundle/feature-bundle.ts";
import type { TextWriter } from "../text/tf-idf.ts";
import { readCode } from "./category-codes.ts";
import { type FeatureSlot, featureSlots, isPossible } from "./feature-slots.ts";
import { nameViolations, numberViolation, termViolations } from "./feature-violations.ts";
import { countsForMinimum, isRequired, leastFeatures, requiredViolation } from "./missing-features.ts";
import { readNumberTexts } from "./number-texts.ts";
import type { SupplierInput } from "./supplier-input.ts";
import { outsideTraining } from "./training-range.ts";
import { unknownCategory } from "./unknown-category.ts";
import type { Vector, VectorWarning, Violation } from "./vector.ts";

/** The model's row of a supplier, and what was found while the row was filled. */
interface Findings {
  readonly row: Float32Array;
  readonly violations: Violation[];
  readonly missing: string[];
  /** Number of the missing features that count for the minimum. */
  countedMissing: number;
  readonly warnings: VectorWarning[];
}

/** Converts one supplier at a time to the model's row. @param writeText Null when the model has no text. */
export function createSupplierVectorizer(
  bundle: FeatureBundle,
  writeText: TextWriter | null,
): (input: SupplierInput, path: string) => Vector {
  const { slots, textColumn } = featureSlots(bundle);
  const least = leastFeatures(bundle);
  const counted = bundle.features.filter(countsForMinimum).length;
  const countedText = counted < bundle.features.length ? "features with points" : "features";
  // The text is listed with the missing features, but it does not count.
  const withoutText = bundle.text === null ? "" : `, not counting the text ${bundle.text.feature}`;
  const columns = bundle.columns.length;
  // Iterating a Map creates two objects for each entry.
  const allSlots = [...slots.values()];
  return (given, path) => {
    const { input, violations: textViolations } = readNumberTexts(given, slots, path);
    const row = new Float32Array(columns);
    const found: Findings = { row, violations: [], missing: [], countedMissing: 0, warnings: [] };
    const { violations, missing, warnings } = found;
    violations.push(...nameViolations(Object.keys(input.features), "numeric", slots, `${path}.features`));
    violations.push(...textViolations);
    violations.push(...nameViolations(Object.keys(input.categories), "category", slots, `${path}.categories`));
    for (const slot of allSlots) {
      const { kind, name } = slot.feature;
      if (kind === "numeric") putNumber(slot, sentNumber(slot, input, path, found), path, found);
      else putCategory(slot, ownValue(input.categories, name), path, found);
    }
    const known = counted - found.countedMissing;
    const enough = known >= least;
    if (!enough) {
      const message = `${known} of ${counted} ${countedText} are known${withoutText}; a score needs ${least}`;
      warnings.push({ code: "TOO_FEW_FEATURES", feature: "", message });
    }
    const { terms = {} } = input;
    if (Object.keys(terms).length > 0) {
      violations.push(...termViolations(input, bundle, path));
      for (const [i, term] of (bundle.text?.terms ?? []).entries()) row[textColumn + i] = ownValue(terms, term) ?? 0;
    } else if (bundle.text !== null && writeText !== null) {
      if (input.text === "") missing.push(bundle.text.feature);
      writeText(input.text, row, textColumn);
    }
    return { row, features: input.features, missing, warnings, enough, violations };
  };
}

/** Returns the value that the caller sent, never an inherited property of Object. */
const ownValue = <T>(from: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(from, name) ? from[name] : undefined;

function sentNumber(slot: FeatureSlot, input: SupplierInput, path: string, found: Findings): number | undefined {
  if (slot.feature.codes === undefined) return ownValue(input.features, slot.feature.name);
  const { code, warnings, violations } = readCode(slot, input, path);
  found.warnings.push(...warnings);
  found.violations.push(...violations);
  return code;
}

function putMissing(feature: BundleFeature, found: Findings): void {
  found.missing.push(feature.name);
  if (countsForMinimum(feature)) found.countedMissing += 1;
}

/** The path of the field is built only for a violation: this runs for every feature of every supplier. */
function putNumber(slot: FeatureSlot, value: number | undefined, path: string, found: Findings): void {
  const { feature, column } = slot;
  if (value === undefined) {
    putMissing(feature, found);
    if (isRequired(feature)) found.violations.push(requiredViolation(feature, `${path}.features.${feature.name}`));
    found.row[column] = slot.filler;
    return;
  }
  found.row[column] = slot.round(value);
  if (!isPossible(slot, value)) {
    found.violations.push(numberViolation(slot, value, `${path}.features.${feature.name}`));
    return;
  }
  const warning = outsideTraining(slot, value);
  if (warning !== null) found.warnings.push(warning);
}

function putCategory(slot: FeatureSlot, value: string | undefined, path: string, found: Findings): void {
  const { feature, column, categories } = slot;
  const code = value === undefined ? undefined : categories.get(value);
  if (code !== undefined) {
    found.row[column + code] = 1;
    return;
  }
  // A scorecard has no categories of a feature without points: each one is as good as another.
  if (value !== undefined && !countsForMinimum(feature)) return;
  putMissing(feature, found);
  if (value === undefined) {
    if (isRequired(feature)) found.violations.push(requiredViolation(feature, `${path}.categories.${feature.name}`));
    return;
  }
  found.warnings.push(unknownCategory(slot, value));
}
