import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import path from "node:path";
import { aliasVersion, readAliases } from "./aliases.ts";
import { MAX_FILE_BYTES, modelFolder, versionFolder, versionNumber } from "./layout.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import { ModelCorruptError, ModelNotFoundError, VersionNotFoundError } from "./registry-error.ts";

/** A version with its files, digests checked. */
export interface StoredVersion {
  readonly manifest: Manifest;
  readonly onnx: Uint8Array;
  readonly bundleJson: string;
  readonly modelCard: string;
}

/** Reads a plain file of its own: no link, no device, at most 64 MiB. */
async function readPlainFile(file: string): Promise<Uint8Array> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: NodeJS.ErrnoException) => {
    throw new ModelCorruptError(file, error.code === "ELOOP" ? "is a symbolic link" : "cannot be read");
  });
  try {
    const { size, nlink, isFile } = await handle
      .stat()
      .then((s) => ({ size: s.size, nlink: s.nlink, isFile: s.isFile() }));
    if (!isFile) throw new ModelCorruptError(file, "is not a file");
    if (nlink > 1) throw new ModelCorruptError(file, "has more than one hard link");
    if (size > MAX_FILE_BYTES) throw new ModelCorruptError(file, "is over 64 MiB");
    return new Uint8Array(await handle.readFile());
  } finally {
    await handle.close();
  }
}

/** Names of all models, sorted; a registry that does not exist yet has none. */
export async function listModels(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .sort();
}

/** Manifests of a model's versions, newest first. @throws ModelNotFoundError */
export async function listVersions(root: string, modelName: string): Promise<Manifest[]> {
  const names = await readdir(modelFolder(root, modelName)).catch(() => {
    throw new ModelNotFoundError(modelName);
  });
  const versions = names.filter((name) => versionNumber(name) > 0).sort((a, b) => versionNumber(b) - versionNumber(a));
  const manifests: Manifest[] = [];
  for (const version of versions) manifests.push(await readManifest(root, modelName, version));
  return manifests;
}

/** Turns "", an alias or a version into a version. @throws ModelNotFoundError, VersionNotFoundError */
export async function resolveVersion(root: string, modelName: string, wanted: string): Promise<string> {
  if (versionNumber(wanted) > 0) return wanted;
  const version = aliasVersion(await readAliases(root, modelName), wanted || "champion");
  if (version === undefined) throw new VersionNotFoundError(modelName, wanted || "champion");
  return version;
}

/** Manifest of one version. @throws VersionNotFoundError, ModelCorruptError */
export async function readManifest(root: string, modelName: string, version: string): Promise<Manifest> {
  const file = path.join(versionFolder(root, modelName, version), "manifest.json");
  const bytes = await readPlainFile(file).catch((error: unknown) => {
    if (error instanceof ModelCorruptError && error.message.includes("cannot be read"))
      throw new VersionNotFoundError(modelName, version);
    throw error;
  });
  const manifest = parseManifest(Buffer.from(bytes).toString("utf8"), file);
  if (manifest.modelName !== modelName || manifest.version !== version) {
    throw new ModelCorruptError(file, `says it is ${manifest.modelName} ${manifest.version}`);
  }
  return manifest;
}

/** Reads one version and checks every file against the manifest. @throws VersionNotFoundError, ModelCorruptError */
export async function readVersion(root: string, modelName: string, version: string): Promise<StoredVersion> {
  const manifest = await readManifest(root, modelName, version);
  const folder = versionFolder(root, modelName, version);
  const read = async (name: keyof Manifest["files"]): Promise<Uint8Array> => {
    const file = path.join(folder, name);
    const bytes = await readPlainFile(file);
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
