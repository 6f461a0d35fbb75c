import { BUNDLE_SCHEMA } from "./bundle-schema.ts";
import { checkParts } from "./check-parts.ts";
import type { FeatureBundle } from "./feature-bundle.ts";

/** A feature bundle that cannot be read. The message names the fields. */
export class BundleError extends Error {
  override readonly name = "BundleError" as const;
}

/** Maximum number of invalid fields that a message names. */
const VIOLATIONS_SHOWN = 3;

/**
 * Reads `feature_bundle.json` and checks the type and range of every field.
 * @throws BundleError for another format, and for fields that are missing, invalid or contradict each other. It names the first ones.
 */
export function parseFeatureBundle(text: string): FeatureBundle {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new BundleError("feature_bundle.json is not JSON");
  }
  if ((parsed as Partial<FeatureBundle> | null)?.format !== "bellwether.feature-bundle/1") {
    throw new BundleError(
      `feature_bundle.json: format is not "bellwether.feature-bundle/1"; this release reads no other`,
    );
  }
  const { success, error } = BUNDLE_SCHEMA.safeParse(parsed);
  if (!success) throw new BundleError(`feature_bundle.json: ${violations(error.issues)}`);
  const bundle = parsed as FeatureBundle;
  const contradiction = checkParts(bundle);
  if (contradiction !== null) throw new BundleError(`feature_bundle.json: ${contradiction}`);
  return bundle;
}

function violations(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  const named = issues.slice(0, VIOLATIONS_SHOWN).map(({ path, message }) => `${pathText(path)}: ${message}`);
  return named.join("; ") + (issues.length > VIOLATIONS_SHOWN ? `; and ${issues.length - VIOLATIONS_SHOWN} more` : "");
}

/** Writes a path as text: ["golden", 3, "row"] → "golden[3].row". */
function pathText(path: readonly PropertyKey[]): string {
  return path.map((key, i) => (typeof key === "number" ? `[${key}]` : `${i > 0 ? "." : ""}${String(key)}`)).join("");
}
