import { type AzureCredentials, NO_AZURE_CREDENTIALS } from "./backends/azure-credentials.ts";
import type { Backend } from "./backends/backend.ts";
import { createFolderBackend } from "./backends/folder-backend.ts";
import { createStore } from "./calls/create-store.ts";
import { DEFAULT_LIMITS, type StoreLimits } from "./calls/limits.ts";
import { parseStoreUrl, type StoreLocation } from "./location/store-url.ts";
import type { ObjectStore } from "./object-store.ts";

export interface StoreOptions {
  /** Default: the default credential of Azure's SDK. */
  readonly azure?: AzureCredentials;
  readonly limits?: Partial<StoreLimits>;
}

/**
 * Opens the store of a URL; the path of the URL is the prefix of all keys. The client of S3 or Azure is loaded now, and not before.
 * No call is made to the store, except that a folder is created.
 * @param url see `parseStoreUrl`
 * @throws StoreUrlError, StoreSettingsError, ObjectKeyError; for a folder also StoreDeniedError, StoreFullError
 */
export async function openObjectStore(
  url: string | StoreLocation,
  { azure = NO_AZURE_CREDENTIALS, limits = {} }: StoreOptions = {},
): Promise<ObjectStore> {
  const location = typeof url === "string" ? parseStoreUrl(url) : url;
  const backend = await openBackend(location, azure);
  return createStore({
    ...{ backend, prefix: location.path, address: location.address },
    limits: { ...DEFAULT_LIMITS, ...limits },
  });
}

async function openBackend(location: StoreLocation, azure: AzureCredentials): Promise<Backend> {
  switch (location.kind) {
    case "file":
      return await createFolderBackend(location.folder);
    case "s3":
      return await (await import("./backends/s3-backend.ts")).createS3Backend(location);
    case "azure":
      return await (await import("./backends/azure-backend.ts")).createAzureBackend(location, azure);
  }
}
