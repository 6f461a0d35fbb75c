import type { FeatureSlot } from "./feature-slots.ts";
import type { SupplierInput } from "./supplier-input.ts";
import type { Violation } from "./vector.ts";

/** A decimal number with a point, as JSON writes it; a plus sign and a leading or trailing point are allowed too. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Longest part of a caller's text that is repeated to the caller. */
const SHOWN = 80;

/**
 * Moves numbers that came as text to the numbers: who sends "0.45" cannot always tell a number from a category, the model can.
 * A text of a numeric feature that is not a number, or that comes beside a number, is a fault.
 * @param path prefix of field paths in faults, for example "supplier"
 */
export function readNumberTexts(
  input: SupplierInput,
  slots: ReadonlyMap<string, FeatureSlot>,
  path: string,
): { readonly input: SupplierInput; readonly violations: readonly Violation[] } {
  const texts = Object.entries(input.categories).filter(([name]) => {
    const slot = slots.get(name);
    // Texts of a category's codes are looked up, not read as numbers.
    return slot?.feature.kind === "numeric" && slot.codes.size === 0;
  });
  if (texts.length === 0) return { input, violations: [] };
  const features = { ...input.features };
  const categories = { ...input.categories };
  const violations: Violation[] = [];
  for (const [name, text] of texts) {
    delete categories[name];
    const field = `${path}.categories.${name}`;
    const shown = JSON.stringify(text.slice(0, SHOWN));
    if (Object.hasOwn(features, name)) {
      const message = `${name} is given twice, as a number and as the text ${shown}; send it once`;
      violations.push({ field, reason: "FEATURE_WRONG_KIND", message });
    } else if (NUMBER.test(text)) features[name] = Number(text);
    else {
      const message = `${name} is ${shown}, which is not a number; send a number such as 0.45, or leave it out when it is not known`;
      violations.push({ field, reason: "FEATURE_WRONG_KIND", message });
    }
  }
  return { input: { ...input, features, categories }, violations };
}
