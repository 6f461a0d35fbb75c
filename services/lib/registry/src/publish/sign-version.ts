import type { SigningKey } from "../keys/registry-keys.ts";
import {
  MAX_SIGNATURE_BYTES,
  type ManifestSignature,
  parseSignatureFile,
  SIGNATURE_FILE,
  signManifest,
  withSignature,
} from "../keys/signature-file.ts";
import { MAX_MANIFEST_BYTES, versionFolder } from "../layout.ts";
import { VersionNotFoundError } from "../registry-error.ts";
import type { RegistryFile } from "../storage/registry-storage.ts";
import { type Registry, storageOf } from "../storage/storage-of.ts";
import { readVersion } from "../versions/read-version.ts";

/** A version to sign. */
export interface SignRequest {
  readonly modelName: string;
  readonly version: string;
  readonly key: SigningKey;
  /** Who signs, at most 256 characters. */
  readonly signedBy: string;
  readonly now: Date;
}

/**
 * Signs a version whose files are those of its manifest. Signing again with the same key replaces its signature.
 * @throws VersionNotFoundError, ModelCorruptError, RegistryBusyError
 */
export async function signVersion(registry: Registry, request: SignRequest): Promise<ManifestSignature> {
  const { modelName, version, key } = request;
  versionFolder("", modelName, version);
  // Signatures that are there already do not decide whether another one is added.
  const { trusted: _, ...storage } = storageOf(registry);
  await readVersion(storage, modelName, version);
  const manifest = await storage.read([modelName, version, "manifest.json"], { maxBytes: MAX_MANIFEST_BYTES });
  if (manifest === null) throw new VersionNotFoundError(modelName, version);
  const added = signManifest(manifest, key, request);
  const file: RegistryFile = [modelName, version, SIGNATURE_FILE];
  return await storage.update(file, MAX_SIGNATURE_BYTES, (text) => {
    const before = text === null ? null : parseSignatureFile(text, storage.placeOf(file));
    return { text: withSignature(before, added), result: added };
  });
}
