import { aliasVersion, readAliases } from "../aliases/aliases.ts";
import { digestOf } from "../files/digest.ts";
import { isModelName, MAX_FILE_BYTES, MAX_MANIFEST_BYTES, versionNumber } from "../layout.ts";
import { ModelCorruptError, ModelNotFoundError, ModelSignatureError, VersionNotFoundError } from "../registry-error.ts";
import type { RegistryFile, RegistryStorage } from "../storage/registry-storage.ts";
import { type Registry, storageOf } from "../storage/storage-of.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import { verifySignature } from "./verify-signature.ts";

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
export type VersionCheck = (stored: StoredVersion) => Promise<unknown>;

/** Number of manifests that are read at the same time. */
const READS = 8;

/**
 * Returns the names of all models, sorted; empty when the registry does not exist yet.
 * @throws Error when it cannot be
 * read
 */
export async function listModels(registry: Registry): Promise<string[]> {
  return (await storageOf(registry).folders()).filter(isModelName).sort();
}

/**
 * Returns the manifests of a model's versions, newest first. A folder without a manifest is not a version.
 * @throws ModelNotFoundError, ModelCorruptError
 */
export async function listVersions(registry: Registry, modelName: string): Promise<Manifest[]> {
  const storage = storageOf(registry);
  const names = await storage.namesOf(modelName);
  if (names === null) throw new ModelNotFoundError(modelName);
  const versions = names.filter((name) => versionNumber(name) > 0).sort((a, b) => versionNumber(b) - versionNumber(a));
  const manifests: Manifest[] = [];
  for (let from = 0; from < versions.length; from += READS) {
    const read = versions.slice(from, from + READS).map((version) => findManifest(storage, modelName, version));
    for (const found of await Promise.all(read)) if (found !== null) manifests.push(found.manifest);
  }
  return manifests;
}

/**
 * Returns the version that a text names: a version ("v3") is returned unchanged and not looked up, an alias is
 * looked up, and "" is the champion.
 * @throws ModelNotFoundError when an alias is looked up and the model does not exist
 * @throws VersionNotFoundError when the alias is not set
 */
export async function resolveVersion(registry: Registry, modelName: string, wanted: string): Promise<string> {
  if (versionNumber(wanted) > 0) return wanted;
  const version = aliasVersion(await readAliases(registry, modelName), wanted || "champion");
  if (version === undefined) throw new VersionNotFoundError(modelName, wanted || "champion");
  return version;
}

/** A manifest in its stored form. */
interface StoredManifest {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
}

/** Returns the manifest of one version; null when it has none. @throws ModelCorruptError */
async function findManifest(
  storage: RegistryStorage,
  modelName: string,
  version: string,
): Promise<StoredManifest | null> {
  const file: RegistryFile = [modelName, version, "manifest.json"];
  const bytes = await storage.read(file, { maxBytes: MAX_MANIFEST_BYTES });
  if (bytes === null) return null;
  const place = storage.placeOf(file);
  const manifest = parseManifest(Buffer.from(bytes).toString("utf8"), place);
  if (manifest.modelName !== modelName || manifest.version !== version) {
    throw new ModelCorruptError(place, `belongs to ${manifest.modelName} ${manifest.version}`);
  }
  return { manifest, bytes };
}

/** Reads the manifest of one version. @throws VersionNotFoundError, ModelCorruptError */
export async function readManifest(registry: Registry, modelName: string, version: string): Promise<Manifest> {
  return (await needManifest(storageOf(registry), modelName, version)).manifest;
}

async function needManifest(storage: RegistryStorage, modelName: string, version: string): Promise<StoredManifest> {
  const found = await findManifest(storage, modelName, version);
  if (found === null) throw new VersionNotFoundError(modelName, version);
  return found;
}

/** A version without its model. */
export type VersionDescription = Omit<StoredVersion, "onnx">;

/**
 * Reads what describes a version, without its model, and checks the files against the manifest. @throws VersionNotFoundError,
 * ModelCorruptError
 */
export async function readDescription(
  registry: Registry,
  modelName: string,
  version: string,
): Promise<VersionDescription> {
  const storage = storageOf(registry);
  const manifest = await readManifest(storage, modelName, version);
  const text = async (name: DescribedFile) => Buffer.from(await readChecked(storage, manifest, name)).toString("utf8");
  return { manifest, bundleJson: await text("feature_bundle.json"), modelCard: await text("MODEL_CARD.md") };
}

/**
 * Reads what a version needs to be served, and checks every file against the manifest, and the manifest against its signature when
 * the registry has trusted keys. @throws VersionNotFoundError, ModelCorruptError, ModelSignatureError
 */
export async function readVersion(registry: Registry, modelName: string, version: string): Promise<StoredVersion> {
  const storage = storageOf(registry);
  const { manifest, bytes } = await needManifest(storage, modelName, version);
  await verifySignature(storage, [modelName, version], bytes);
  const text = async (name: DescribedFile) => Buffer.from(await readChecked(storage, manifest, name)).toString("utf8");
  const [onnx, bundleJson, modelCard] = await Promise.all([
    readChecked(storage, manifest, "model.onnx"),
    text("feature_bundle.json"),
    text("MODEL_CARD.md"),
  ]);
  return { manifest, onnx, bundleJson, modelCard };
}

type DescribedFile = "model.onnx" | "feature_bundle.json" | "MODEL_CARD.md";

/** Reads a file of a version. @throws ModelCorruptError when its content differs from the digest in the manifest */
async function readChecked(storage: RegistryStorage, manifest: Manifest, name: DescribedFile): Promise<Uint8Array> {
  const file: RegistryFile = [manifest.modelName, manifest.version, name];
  const { sha256, bytes: listed } = manifest.files[name];
  if (listed > MAX_FILE_BYTES)
    throw new ModelCorruptError(storage.placeOf(file), `has ${listed} bytes, at most ${MAX_FILE_BYTES} are read`, {
      check: "size",
    });
  const bytes = await storage.read(file, { maxBytes: MAX_FILE_BYTES, sha256 });
  if (bytes === null) throw new ModelCorruptError(storage.placeOf(file), "is missing");
  if ((await digestOf(bytes)) !== sha256)
    throw new ModelCorruptError(storage.placeOf(file), "differs from the digest in manifest.json");
  return bytes;
}

/** Returns why a version cannot be loaded. Reads only its manifest and its signatures. Null: both are valid. */
export async function findRejection(registry: Registry, modelName: string, version: string): Promise<string | null> {
  const storage = storageOf(registry);
  if (storage.trusted === undefined) return null;
  try {
    await verifySignature(storage, [modelName, version], (await needManifest(storage, modelName, version)).bytes);
    return null;
  } catch (error) {
    if (error instanceof ModelSignatureError || error instanceof ModelCorruptError) return error.message;
    throw error;
  }
}
