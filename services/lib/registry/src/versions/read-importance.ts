import { createHash } from "node:crypto";
import path from "node:path";
import { MAX_IMPORTANCE_BYTES } from "@bellwether/risk-model/importance/importance";
import { readPlainFile } from "../files/plain-file.ts";
import { IMPORTANCE_FILE, versionFolder } from "../layout.ts";
import { ModelCorruptError } from "../registry-error.ts";
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
export async function readImportance(root: string, modelName: string, version: string): Promise<StoredImportance> {
  const manifest = await readManifest(root, modelName, version);
  const published = manifest.files[IMPORTANCE_FILE];
  if (published === undefined) return { manifest, importanceJson: null };
  const file = path.join(versionFolder(root, modelName, version), IMPORTANCE_FILE);
  const bytes = await readPlainFile(file, MAX_IMPORTANCE_BYTES);
  if (bytes === null) throw new ModelCorruptError(file, "is missing");
  if (createHash("sha256").update(bytes).digest("hex") !== published.sha256)
    throw new ModelCorruptError(file, "differs from the digest in manifest.json");
  return { manifest, importanceJson: Buffer.from(bytes).toString("utf8") };
}
