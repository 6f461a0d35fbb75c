import type { JsonValue } from "@bufbuild/protobuf";
import type { FieldViolation } from "../errors/rpc-error.ts";

/** An escape of a surrogate: the only way in which a text of UTF-8 JSON can contain a lone surrogate. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;
/** Maximum number of violations that an error contains. */
const MAX_VIOLATIONS = 20;

/**
 * Finds names and texts of a JSON body that are not well-formed Unicode. Without this check all of them would
 * be recorded as U+FFFD and would name the same supplier.
 * @param source the text that `json` was parsed from; without surrogate escapes in it, no search is needed
 * @returns at most 20 violations, with paths such as "tags[2]"
 */
export function loneSurrogates(json: JsonValue, source: string): readonly FieldViolation[] {
  const violations: FieldViolation[] = [];
  if (!SURROGATE_ESCAPE.test(source)) return violations;
  // A list instead of recursion: a body may be nested deeper than the stack allows.
  const left: { readonly path: string; readonly value: JsonValue }[] = [{ path: "", value: json }];
  for (let at = left.pop(); at !== undefined && violations.length < MAX_VIOLATIONS; at = left.pop()) {
    const { path, value } = at;
    if (typeof value === "string") {
      if (!value.isWellFormed()) violations.push({ field: path, description: HALF });
    } else if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) left.push({ path: `${path}[${i}]`, value: item });
    } else if (typeof value === "object" && value !== null) {
      for (const [name, item] of Object.entries(value)) {
        const field = path === "" ? name : `${path}.${name}`;
        if (!name.isWellFormed()) violations.push({ field, description: `its name ${HALF}` });
        else left.push({ path: field, value: item });
      }
    }
  }
  return violations;
}

const HALF = "has half a character (a lone surrogate such as \\ud800); send whole characters";
