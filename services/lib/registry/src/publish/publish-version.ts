import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { syncFolder, writeSynced } from "@bellwether/files/durable-write";
import { MAX_FILE_BYTES, modelFolder, versionNumber } from "../layout.ts";
import { RegistryNameError } from "../registry-error.ts";
import type { Manifest, ManifestEvaluation, PublishedFile } from "../versions/manifest.ts";
import type { VersionCheck } from "../versions/read-version.ts";

/** A model that is ready to be published. */
export interface Publication {
  readonly modelName: string;
  readonly origin: Manifest["origin"];
  readonly configHash: string;
  readonly onnx: Uint8Array;
  readonly bundleJson: string;
  readonly modelCard: string;
  readonly evaluation: ManifestEvaluation | null;
  /** What the version learnt from; left out when that is not known. */
  readonly provenance?: Manifest["training"];
  readonly now: Date;
}

const describe = (bytes: Uint8Array | string): PublishedFile => ({
  sha256: createHash("sha256").update(bytes).digest("hex"),
  bytes: Buffer.byteLength(bytes),
});

/** Highest version number in a model's folder, 0 when it has none. */
async function newestNumber(folder: string): Promise<number> {
  return (await readdir(folder)).reduce((newest, name) => Math.max(newest, versionNumber(name)), 0);
}

/** A folder for a version's files, as open as the model's: mkdtemp's is its owner's alone, and ml-service may be somebody else. */
async function makeDraft(folder: string): Promise<string> {
  const draft = await mkdtemp(path.join(folder, ".draft-"));
  const { mode } = await stat(folder);
  // Only where it is needed: some shared volumes refuse every chmod.
  if ((await stat(draft)).mode !== mode) await chmod(draft, mode & 0o7777);
  return draft;
}

/**
 * Publishes a new version: everything is written and synced in a temporary folder, which is then renamed to the next free
 * `v<N>`. A version therefore exists whole or not at all, and two publishers get two numbers. Aliases are not touched.
 * @param check Asked once, before anything is written.
 * @throws RegistryNameError for no model's name, a file over 64 MiB, or a model that has the last number; whatever `check` throws
 */
export async function publishVersion(root: string, publication: Publication, check: VersionCheck): Promise<Manifest> {
  const { modelName, origin, configHash, evaluation } = publication;
  if (publication.onnx.byteLength > MAX_FILE_BYTES || Buffer.byteLength(publication.bundleJson) > MAX_FILE_BYTES) {
    throw new RegistryNameError(
      `model "${modelName}" is over ${MAX_FILE_BYTES / 1024 / 1024} MiB; train fewer or shallower trees`,
    );
  }
  const folder = modelFolder(root, modelName);
  const describeAs = (version: string): Manifest => ({
    format: "bellwether.manifest/1",
    modelName,
    version,
    publishedAt: publication.now.toISOString(),
    origin,
    configHash,
    files: {
      "model.onnx": describe(publication.onnx),
      "feature_bundle.json": describe(publication.bundleJson),
      "MODEL_CARD.md": describe(publication.modelCard),
    },
    evaluation,
    training: publication.provenance ?? null,
  });
  await check({ ...publication, manifest: describeAs("v1") });
  await mkdir(folder, { recursive: true });
  for (let number = (await newestNumber(folder)) + 1; ; number++) {
    const version = `v${number}`;
    if (versionNumber(version) === 0) {
      throw new RegistryNameError(`model "${modelName}" has v${number - 1}, the last number; remove what has it`);
    }
    const manifest = describeAs(version);
    const draft = await makeDraft(folder);
    try {
      await writeSynced(path.join(draft, "model.onnx"), publication.onnx);
      await writeSynced(path.join(draft, "feature_bundle.json"), publication.bundleJson);
      await writeSynced(path.join(draft, "MODEL_CARD.md"), publication.modelCard);
      await writeSynced(path.join(draft, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
      await syncFolder(draft);
      await rename(draft, path.join(folder, version));
      await syncFolder(folder);
      return manifest;
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      // another publisher took this number in between
      if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
}
