import { type Registry, storageOf } from "../storage/storage-of.ts";

/**
 * Returns the fingerprint of a version's files: from size, modification time and inode in a folder, from the entity tags in an
 * object store. A changed fingerprint means that a file may have changed; no file is read.
 * @returns the same text as long as nothing changed
 */
export async function versionFingerprint(registry: Registry, modelName: string, version: string): Promise<string> {
  return await storageOf(registry).fingerprint(modelName, version);
}
