import { ALIAS_NAMES } from "../aliases/alias-file.ts";
import { aliasVersion, readAliases } from "../aliases/aliases.ts";
import { SIGNATURE_FILE } from "../keys/signature-file.ts";
import {
  GATE_CARD,
  GATE_PLOT_FILES,
  gateFileOf,
  IMPORTANCE_FILE,
  MAX_FILE_BYTES,
  MAX_MANIFEST_BYTES,
  VERSION_FILES,
  versionFolder,
} from "../layout.ts";
import { VersionNeededError, VersionNotFoundError } from "../registry-error.ts";
import type { RegistryFile } from "../storage/registry-storage.ts";
import { type Registry, storageOf } from "../storage/storage-of.ts";

/** A version to remove. */
export interface RemoveVersion {
  readonly modelName: string;
  readonly version: string;
  readonly removedBy: string;
  readonly reason: string;
  readonly now: Date;
}

/** File that stays of a removed version: its number is not used again. */
export const REMOVED_FILE = "removed.json";

/** @throws VersionNeededError when an alias points at the version */
async function checkUnaliased(registry: Registry, modelName: string, version: string): Promise<void> {
  const aliases = await readAliases(registry, modelName);
  const alias = ALIAS_NAMES.find((name) => aliasVersion(aliases, name) === version);
  if (alias !== undefined) throw new VersionNeededError(modelName, version, `it is the ${alias}`);
}

/**
 * Checks that a version exists, or was removed, and that no alias points at it.
 * @throws VersionNotFoundError, VersionNeededError
 */
export async function checkRemovable(registry: Registry, modelName: string, version: string): Promise<void> {
  versionFolder("", modelName, version);
  const storage = storageOf(registry);
  const files = ["manifest.json", REMOVED_FILE].map((name) => storage.hasFile([modelName, version, name]));
  if (!(await Promise.all(files)).includes(true)) throw new VersionNotFoundError(modelName, version);
  await checkUnaliased(storage, modelName, version);
}

/**
 * Removes a version that no alias points at. `removed.json` stays in its place and says who removed it, when and why. A process that is
 * killed in between leaves the version whole, or without its manifest, which hides it; removing it again ends the removal.
 * @throws VersionNotFoundError, VersionNeededError when an alias points at it
 */
export async function removeVersion(registry: Registry, removal: RemoveVersion): Promise<void> {
  const { modelName, version, removedBy, reason, now } = removal;
  versionFolder("", modelName, version);
  const storage = storageOf(registry);
  const at = (name: string): RegistryFile => [modelName, version, name];
  const manifest = await storage.read(at("manifest.json"), { maxBytes: MAX_MANIFEST_BYTES });
  if (manifest === null && !(await storage.hasFile(at(REMOVED_FILE))))
    throw new VersionNotFoundError(modelName, version);
  await checkUnaliased(storage, modelName, version);
  const said = { format: "bellwether.removed/1", version, removedAt: now.toISOString(), removedBy, reason };
  await storage.update(at(REMOVED_FILE), MAX_FILE_BYTES, (text) => ({
    text: text ?? `${JSON.stringify(said, null, 2)}\n`,
    result: undefined,
  }));
  await storage.remove(at("manifest.json"));
  try {
    // An alias that was moved to the version meanwhile keeps it.
    await checkUnaliased(storage, modelName, version);
  } catch (error) {
    if (manifest !== null) {
      const text = Buffer.from(manifest).toString("utf8");
      await storage.update(at("manifest.json"), MAX_MANIFEST_BYTES, () => ({ text, result: undefined }));
      await storage.remove(at(REMOVED_FILE));
    }
    throw error;
  }
  const { gates = [] } = await readAliases(storage, modelName);
  const results = gates.filter((entry) => entry.version === version).map(({ id }) => gateFileOf(id));
  const gateFiles = [...results, GATE_CARD, ...GATE_PLOT_FILES];
  for (const name of [...VERSION_FILES, IMPORTANCE_FILE, SIGNATURE_FILE, ...gateFiles]) await storage.remove(at(name));
}
