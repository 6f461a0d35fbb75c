import { UnsignedVersionError } from "../registry-error.ts";
import { type Registry, storageOf } from "../storage/storage-of.ts";

/**
 * Checks that a version which is published now would be accepted: if the registry has trusted keys, its signer must be one of them.
 * Call it before anything is stored. @throws UnsignedVersionError
 */
export function checkSigner(registry: Registry): void {
  const { trusted, signer } = storageOf(registry);
  if (trusted === undefined) return;
  if (signer === undefined) throw new UnsignedVersionError("no key signs new versions");
  if (!trusted.some(({ id }) => id === signer.id))
    throw new UnsignedVersionError(`the key that signs new versions (${signer.id}) is not one of the trusted keys`);
}
