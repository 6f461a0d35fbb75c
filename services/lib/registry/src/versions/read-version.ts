import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { aliasVersion, readAliases } from "../aliases/aliases.ts";
import { readPlainFile } from "../files/plain-file.ts";
import { isModelName, MAX_FILE_BYTES, modelFolder, versionFolder, versionNumber } from "../layout.ts";
import { ModelCorruptError, ModelNotFoundError, VersionNotFoundError } from "../registry-error.ts";
import { MAX_MANIFEST_BYTES, type Manifest, parseManifest } from "./manifest.ts";

/** A version with its files, whose digests were checked. */
export interface StoredVersion {
  readonly manifest: Manifest;
  readonly onnx: Uint8Array;
  readonly bundleJson: string;
  readonly modelCard: string;
}

/**
 * Checks that a service could serve a version: loads the version as a service does. It runs before a version is
 * published and before an alias is set, so that no alias points at a version that cannot be served.
 * @throws Error of any class when the version cannot be served.
 */
export type VersionCheck = (stored: StoredVersion) => Promise<void>;

/**
 * Returns the names of all models, sorted; empty when the registry does not exist yet.
 * @throws Error when it cannot be
 * read
 */
export async function listModels(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isDirectory() && isModelName(entry.name))
    .map((entry) => entry.name)
    .sort();
}

/**
 * Returns the manifests of a model's versions, newest first. A folder without a manifest is not a version.
 * @throws ModelNotFoundError, ModelCorruptError
 */
export async function listVersions(root: string, modelName: string): Promise<Manifest[]> {
  const names = await readdir(modelFolder(root, modelName)).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" || error.code === "ENOTDIR" ? new ModelNotFoundError(modelName) : error;
  });
  const versions = names.filter((name) => versionNumber(name) > 0).sort((a, b) => versionNumber(b) - versionNumber(a));
  const manifests: Manifest[] = [];
  for (const version of versions) {
    const manifest = await findManifest(root, modelName, version);
    if (manifest !== null) manifests.push(manifest);
  }
  return manifests;
}

/**
 * Returns the version that a text names: a version ("v3") is returned unchanged and not looked up, an alias is
 * looked up, and "" is the champion.
 * @throws ModelNotFoundError when an alias is looked up and the model does not exist
 * @throws VersionNotFoundError when the alias is not set
 */
export async function resolveVersion(root: string, modelName: string, wanted: string): Promise<string> {
  if (versionNumber(wanted) > 0) return wanted;
  const version = aliasVersion(await readAliases(root, modelName), wanted || "champion");
  if (version === undefined) throw new VersionNotFoundError(modelName, wanted || "champion");
  return version;
}

/** Returns the manifest of one version; null when it has none. @throws ModelCorruptError */
async function findManifest(root: string, modelName: string, version: string): Promise<Manifest | null> {
  const file = path.join(versionFolder(root, modelName, version), "manifest.json");
  const bytes = await readPlainFile(file, MAX_MANIFEST_BYTES);
  if (bytes === null) return null;
  const manifest = parseManifest(Buffer.from(bytes).toString("utf8"), file);
  if (manifest.modelName !== modelName || manifest.version !== version) {
    throw new ModelCorruptError(file, `belongs to ${manifest.modelName} ${manifest.version}`);
  }
  return manifest;
}

/** Reads the manifest of one version. @throws VersionNotFoundError, ModelCorruptError */
export async function readManifest(root: string, modelName: string, version: string): Promise<Manifest> {
  const manifest = await findManifest(root, modelName, version);
  if (manifest === null) throw new VersionNotFoundError(modelName, version);
  return manifest;
}

/**
 * Reads what a version needs to be served, and checks every file against the manifest. @throws VersionNotFoundError,
 * ModelCorruptError
 */
export async function readVersion(root: string, modelName: string, version: string): Promise<StoredVersion> {
  const manifest = await readManifest(root, modelName, version);
  const folder = versionFolder(root, modelName, version);
  const read = async (name: "model.onnx" | "feature_bundle.json" | "MODEL_CARD.md"): Promise<Uint8Array> => {
    const file = path.join(folder, name);
    const bytes = await readPlainFile(file, MAX_FILE_BYTES);
    if (bytes === null) throw new ModelCorruptError(file, "is missing");
    if (createHash("sha256").update(bytes).digest("hex") !== manifest.files[name].sha256) {
      throw new ModelCorruptError(file, "differs from the digest in manifest.json");
    }
    return bytes;
  };
  const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
  return {
    manifest,
    onnx: await read("model.onnx"),
    bundleJson: utf8(await read("feature_bundle.json")),
    modelCard: utf8(await read("MODEL_CARD.md")),
  };
}
