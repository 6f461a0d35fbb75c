import { hash } from "node:crypto";
import { ModelNotFoundError } from "../registry-error.ts";
import type { Registry } from "../storage/storage-of.ts";
import type { Manifest } from "./manifest.ts";
import { listVersions } from "./read-version.ts";

/** Digests of model and bundle, as in a manifest. */
type ModelFiles = Readonly<Record<"model.onnx" | "feature_bundle.json", { readonly sha256: string }>>;

/**
 * Returns the newest version whose model and bundle are byte-identical to these; null when there is none.
 * @throws ModelCorruptError
 */
export async function findSameFiles(
  registry: Registry,
  modelName: string,
  { onnx, bundleJson }: { readonly onnx: Uint8Array; readonly bundleJson: string },
): Promise<Manifest | null> {
  const files = {
    "model.onnx": { sha256: hash("sha256", onnx) },
    "feature_bundle.json": { sha256: hash("sha256", bundleJson) },
  };
  const versions = await listVersions(registry, modelName).catch((error: unknown) => {
    if (error instanceof ModelNotFoundError) return [];
    throw error;
  });
  return versions.find((manifest) => hasSameFiles(manifest, files)) ?? null;
}

/** Whether model and bundle of a version have these digests. */
export const hasSameFiles = ({ files }: Manifest, other: ModelFiles): boolean =>
  files["model.onnx"].sha256 === other["model.onnx"].sha256 &&
  files["feature_bundle.json"].sha256 === other["feature_bundle.json"].sha256;
