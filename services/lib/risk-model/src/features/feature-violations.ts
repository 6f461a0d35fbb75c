import { SEND_CATEGORY } from "@bellwether/contract/flat-json/flat-text";
import { nearestName } from "@bellwether/contract/nearest-name";
import type { BundleFeature, FeatureBundle } from "../bundle/feature-bundle.ts";
import type { FeatureSlot } from "./feature-slots.ts";
import type { SupplierInput } from "./supplier-input.ts";
import type { Violation } from "./vector.ts";

/** Maximum number of characters of a caller's text that an error message quotes. */
const SHOWN = 80;
/** Maximum number of wrong names that one response reports. Each is compared with every known name. */
const MAX_NAME_VIOLATIONS = 16;
/** Maximum number of known names that a message lists when no known name is similar. */
const MAX_LISTED = 20;

/** Returns the violation of a number for which `isPossible` is false. */
export function numberViolation({ feature }: FeatureSlot, value: number, field: string): Violation {
  const { name, range, unit } = feature;
  if (Number.isFinite(value) && range !== null && (value < range[0] || value > range[1])) {
    const message = `${name} is ${value}; possible are ${range[0]} to ${range[1]}${unit === "" ? "" : ` ${unit}`}`;
    return { field, reason: "FEATURE_OUT_OF_RANGE", message };
  }
  const message = `${name} is ${value}; send a finite number within float32, or leave it out when it is not known`;
  return { field, reason: "FEATURE_NOT_FINITE", message };
}

/**
 * Returns violations for given names that the model does not know or that are of the other kind, at most 16.
 */
export function nameViolations(
  given: readonly string[],
  kind: BundleFeature["kind"],
  slots: ReadonlyMap<string, FeatureSlot>,
  path: string,
): Violation[] {
  const violations: Violation[] = [];
  for (const name of given) {
    if (violations.length === MAX_NAME_VIOLATIONS) break;
    const slot = slots.get(name);
    if (slot?.feature.kind === kind) continue;
    // The code of a category is a number, but the caller may send its text instead.
    if (kind === "category" && slot !== undefined && slot.codes.size > 0) continue;
    const field = `${path}.${name.slice(0, SHOWN)}`;
    violations.push(
      slot === undefined ? unknownViolation(name, [...slots.keys()], field) : wrongKindViolation(slot.feature, field),
    );
  }
  return violations;
}

/** Returns violations of term weights: unknown terms, weights that are not finite, and a text beside them. */
export function termViolations(
  { terms = {}, text }: Pick<SupplierInput, "terms" | "text">,
  bundle: Pick<FeatureBundle, "text">,
  path: string,
): Violation[] {
  const field = `${path}.term_weights`;
  if (text !== "") {
    const message = "the contract text is sent as contract_text and as term_weights; send one of them";
    return [{ field, reason: "FEATURE_WRONG_KIND", message }];
  }
  if (bundle.text === null) {
    const message = "this model has no contract text; leave term_weights out";
    return [{ field, reason: "FEATURE_UNKNOWN", message }];
  }
  const known = new Set(bundle.text.terms);
  const violations: Violation[] = [];
  for (const [term, weight] of Object.entries(terms)) {
    if (violations.length === MAX_NAME_VIOLATIONS) break;
    const at = `${field}.${term.slice(0, SHOWN)}`;
    if (!known.has(term)) {
      const message = `the version has no term "${term.slice(0, SHOWN)}"; send the weights that this version returned, or the contract text`;
      violations.push({ field: at, reason: "FEATURE_UNKNOWN", message });
    } else if (!Number.isFinite(Math.fround(weight))) {
      const message = `the weight of "${term.slice(0, SHOWN)}" is ${weight}; send a finite number`;
      violations.push({ field: at, reason: "FEATURE_NOT_FINITE", message });
    }
  }
  return violations;
}

function unknownViolation(name: string, known: readonly string[], field: string): Violation {
  const near = nearestName(name, known);
  const more = known.length > MAX_LISTED ? ", …" : "";
  const way = near === null ? `known are ${known.slice(0, MAX_LISTED).join(", ")}${more}` : `did you mean "${near}"?`;
  return { field, reason: "FEATURE_UNKNOWN", message: `unknown feature "${name.slice(0, SHOWN)}"; ${way}` };
}

function wrongKindViolation({ name, kind }: BundleFeature, field: string): Violation {
  const message =
    kind === "numeric" ? `${name} is a number; send it in features` : `${name} is a category; ${SEND_CATEGORY}`;
  return { field, reason: "FEATURE_WRONG_KIND", message };
}
