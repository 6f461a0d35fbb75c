import { createHash } from "node:crypto";
import { ModelNotFoundError } from "../registry-error.ts";
import type { Registry } from "../storage/storage-of.ts";
import type { Manifest } from "./manifest.ts";
import { listVersions } from "./read-version.ts";

/**
 * Returns the newest version whose model and bundle are byte-identical to these; null when there is none.
 * @throws ModelCorruptError
 */
export async function findSameFiles(
  registry: Registry,
  modelName: string,
  files: { readonly onnx: Uint8Array; readonly bundleJson: string },
): Promise<Manifest | null> {
  const digest = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");
  const [onnx, bundle] = [digest(files.onnx), digest(files.bundleJson)];
  const versions = await listVersions(registry, modelName).catch((error: unknown) => {
    if (error instanceof ModelNotFoundError) return [];
    throw error;
  });
  return (
    versions.find(
      ({ files }) => files["model.onnx"].sha256 === onnx && files["feature_bundle.json"].sha256 === bundle,
    ) ?? null
  );
}
