import type { FeatureSlot } from "./feature-slots.ts";
import type { SupplierInput } from "./supplier-input.ts";
import { codeOfText, unknownNumber, unknownText } from "./unknown-category.ts";
import type { VectorWarning, Violation } from "./vector.ts";

/**
 * Returns the code of a number. Where the categories are numbers, the number is a category. A number that is
 * not a category is a code.
 */
export function codeOfNumber({ numbers }: FeatureSlot, number: number): number {
  return numbers.get(number) ?? number;
}

/** Whether a number is a code or, where the categories are numbers, a category of the model. */
export function isKnownNumber({ feature, numbers }: FeatureSlot, number: number): boolean {
  return (feature.codes?.values.includes(number) ?? true) || numbers.has(number);
}

/** Returns the text of a category code: the first one when the code has several texts, "" when it has none. */
export function textOfCode({ feature }: Pick<FeatureSlot, "feature">, code: number): string {
  return feature.codes?.labels?.[feature.codes.values.indexOf(code)] ?? "";
}

/**
 * The code of a supplier's category. The caller sends the code as a number or, where the model knows texts,
 * as a text.
 */
export interface SentCode {
  /** Undefined when the caller sent nothing that the model knows. */
  readonly code: number | undefined;
  readonly warnings: readonly VectorWarning[];
  readonly violations: readonly Violation[];
}

/**
 * Reads the code of a category.
 * @param path Prefix of field paths in violations.
 */
export function readCode(slot: FeatureSlot, input: SupplierInput, path: string): SentCode {
  const { name } = slot.feature;
  const number = Object.hasOwn(input.features, name) ? input.features[name] : undefined;
  const text = Object.hasOwn(input.categories, name) ? input.categories[name] : undefined;
  if (number !== undefined && text !== undefined) {
    const message = `${name} is sent as a number and as a category; send one of them`;
    return {
      code: number,
      warnings: [],
      violations: [{ field: `${path}.categories.${name}`, reason: "FEATURE_WRONG_KIND", message }],
    };
  }
  if (text === undefined) {
    const code = number === undefined ? undefined : codeOfNumber(slot, number);
    return { code, warnings: number === undefined ? [] : numberWarnings(slot, number), violations: [] };
  }
  const code = codeOfText(slot, text);
  const warnings = slot.codes.has(text) ? [] : [unknownText(slot, text)];
  return { code: code ?? undefined, warnings, violations: [] };
}

/** Warns about a number that is neither a code nor a category, or that is a code where the categories are numbers. */
function numberWarnings(slot: FeatureSlot, number: number): readonly VectorWarning[] {
  const { feature, numbers } = slot;
  if (!isKnownNumber(slot, number)) return [unknownNumber(slot, number)];
  if (numbers.size === 0 || numbers.has(number)) return [];
  const message = `${feature.name} is ${number}, which is not one of its categories; it is read as the code of ${textOfCode(slot, number)}`;
  return [{ code: "UNKNOWN_CATEGORY", feature: feature.name, message }];
}
