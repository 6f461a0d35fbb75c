import { createHash } from "node:crypto";
import { MAX_IMPORTANCE_BYTES } from "@bellwether/risk-model/importance/importance";
import { IMPORTANCE_FILE } from "../layout.ts";
import { ModelCorruptError } from "../registry-error.ts";
import type { RegistryFile } from "../storage/registry-storage.ts";
import { type Registry, storageOf } from "../storage/storage-of.ts";
import type { Manifest } from "./manifest.ts";
import { readManifest } from "./read-version.ts";

/** The manifest of a version with its global explanation. */
export interface StoredImportance {
  readonly manifest: Manifest;
  /** `importance.json`; null when the version has none. */
  readonly importanceJson: string | null;
}

/**
 * Reads the global explanation of a version, without its model. @throws VersionNotFoundError, ModelCorruptError
 */
export async function readImportance(
  registry: Registry,
  modelName: string,
  version: string,
): Promise<StoredImportance> {
  const manifest = await readManifest(registry, modelName, version);
  const published = manifest.files[IMPORTANCE_FILE];
  if (published === undefined) return { manifest, importanceJson: null };
  const storage = storageOf(registry);
  const file: RegistryFile = [modelName, version, IMPORTANCE_FILE];
  const bytes = await storage.read(file, { maxBytes: MAX_IMPORTANCE_BYTES, sha256: published.sha256 });
  if (bytes === null) throw new ModelCorruptError(storage.placeOf(file), "is missing");
  if (createHash("sha256").update(bytes).digest("hex") !== published.sha256)
    throw new ModelCorruptError(storage.placeOf(file), "differs from the digest in manifest.json");
  return { manifest, importanceJson: Buffer.from(bytes).toString("utf8") };
}
