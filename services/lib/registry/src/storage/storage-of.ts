import { createFolderStorage } from "./folder-storage.ts";
import type { RegistryStorage } from "./registry-storage.ts";

/** A model registry: the path of its folder, or another storage. */
export type Registry = string | RegistryStorage;

/** Returns the storage of a registry. */
export function storageOf(registry: Registry): RegistryStorage {
  return typeof registry === "string" ? createFolderStorage(registry) : registry;
}
