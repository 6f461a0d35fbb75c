import { aliasFileOf } from "@bellwether/registry/aliases/aliases";
import { SIGNATURE_FILE } from "@bellwether/registry/keys/signature-file";
import type { CachedStorage } from "@bellwether/registry/storage/cached-storage";
import { readManifest } from "@bellwether/registry/versions/read-version";

/** A version of a model. */
interface NamedVersion {
  readonly modelName: string;
  readonly version: string;
}

/**
 * Keeps the copies of these versions, and of the aliases of their models, in the local cache. Reading other files does
 * not remove them. Those that were kept before and are not among them may be removed.
 */
export async function pinVersions(copies: CachedStorage, versions: readonly NamedVersion[]): Promise<void> {
  const manifests = await Promise.all(
    versions.map(({ modelName, version }) => readManifest(copies, modelName, version)),
  );
  copies.pin(
    manifests.flatMap(({ files }) => Object.values(files).map(({ sha256 }) => sha256)),
    versions.flatMap(({ modelName, version }) => [
      aliasFileOf(modelName),
      [modelName, version, "manifest.json"],
      [modelName, version, SIGNATURE_FILE],
    ]),
  );
}
