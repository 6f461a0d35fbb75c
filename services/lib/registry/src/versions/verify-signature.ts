import { MAX_SIGNATURE_BYTES, parseSignatureFile, SIGNATURE_FILE, signerOf } from "../keys/signature-file.ts";
import { ModelSignatureError } from "../registry-error.ts";
import type { RegistryFile, RegistryStorage } from "../storage/registry-storage.ts";

/**
 * Verifies that a trusted key has signed a manifest. Nothing is verified when the registry has no trusted keys.
 * @param manifest the bytes of `manifest.json` that were parsed
 * @throws ModelSignatureError, ModelCorruptError
 */
export async function verifySignature(
  storage: RegistryStorage,
  [modelName, version]: readonly [modelName: string, version: string],
  manifest: Uint8Array,
): Promise<void> {
  if (storage.trusted === undefined) return;
  const file: RegistryFile = [modelName, version, SIGNATURE_FILE];
  const bytes = await storage.read(file, { maxBytes: MAX_SIGNATURE_BYTES });
  // The path below the registry: callers see the text, and the folder of the registry is not theirs.
  const place = file.join("/");
  if (bytes === null) throw new ModelSignatureError(modelName, version, `${place} does not exist`);
  const signatures = parseSignatureFile(Buffer.from(bytes).toString("utf8"), storage.placeOf(file));
  if (signerOf(manifest, signatures, storage.trusted) !== null) return;
  const ids = signatures.signatures.map(({ keyId }) => keyId).join(", ") || "none";
  const wanted = storage.trusted.map(({ id }) => id).join(", ");
  throw new ModelSignatureError(
    modelName,
    version,
    `no trusted key has signed it (keys of ${place}: ${ids}; trusted: ${wanted})`,
  );
}
