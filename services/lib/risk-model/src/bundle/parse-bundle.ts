import type { FeatureBundle } from "./feature-bundle.ts";

/** A feature bundle that cannot be read; the message says where. */
export class BundleError extends Error {
  override readonly name = "BundleError" as const;
}

const LISTS = ["features", "columns", "golden"] as const;

/** Reads `feature_bundle.json`. @throws BundleError for another format or a missing part. */
export function parseFeatureBundle(text: string): FeatureBundle {
  let parsed: Partial<FeatureBundle> | null;
  try {
    parsed = JSON.parse(text) as Partial<FeatureBundle> | null;
  } catch {
    throw new BundleError("feature_bundle.json is not JSON");
  }
  if (parsed?.format !== "bellwether.feature-bundle/1") {
    throw new BundleError(
      `feature_bundle.json: format is not "bellwether.feature-bundle/1"; this release reads no other`,
    );
  }
  for (const key of LISTS)
    if (!Array.isArray(parsed[key])) throw new BundleError(`feature_bundle.json: ${key} is not a list`);
  for (const key of ["calibration", "bands", "explanation", "classes"] as const) {
    if (typeof parsed[key] !== "object" || parsed[key] === null)
      throw new BundleError(`feature_bundle.json: ${key} is missing`);
  }
  return parsed as FeatureBundle;
}
