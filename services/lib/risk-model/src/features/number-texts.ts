import type { FeatureSlot } from "./feature-slots.ts";
import type { SupplierInput } from "./supplier-input.ts";
import type { Violation } from "./vector.ts";

/** A decimal number with a point, as in JSON; a plus sign and a leading or trailing point are allowed too. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Maximum number of characters of a caller's text that a message repeats. */
const SHOWN = 80;

/**
 * Moves numbers that were sent as text to the numbers. A caller that sends "0.45" may not know whether a
 * feature is a number or a category, but the model does. A text of a numeric feature that is not a number, or
 * that is sent beside a number, is a violation.
 * @param path Prefix of field paths in violations, for example "supplier".
 */
export function readNumberTexts(
  input: SupplierInput,
  slots: ReadonlyMap<string, FeatureSlot>,
  path: string,
): { readonly input: SupplierInput; readonly violations: readonly Violation[] } {
  const texts = Object.entries(input.categories).filter(([name]) => {
    const slot = slots.get(name);
    // Texts of category codes are looked up, not read as numbers.
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
