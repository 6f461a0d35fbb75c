import { aliasFileOf } from "@bellwether/registry/aliases/aliases";
import { SIGNATURE_FILE } from "@bellwether/registry/keys/signature-file";
import type { CachedStorage } from "@bellwether/registry/storage/cached-storage";
import { readManifest } from "@bellwether/registry/versions/read-version";

/**
 * Keeps the copies of a version and of the aliases of its model in the local cache. Reading other files does not
 * remove them.
 */
export async function pinVersion(copies: CachedStorage, modelName: string, version: string): Promise<void> {
  const { files } = await readManifest(copies, modelName, version);
  copies.pin(
    Object.values(files).map(({ sha256 }) => sha256),
    [aliasFileOf(modelName), [modelName, version, "manifest.json"], [modelName, version, SIGNATURE_FILE]],
  );
}
