import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { syncFolder, writeSynced } from "@bellwether/files/durable-write";
import { IMPORTANCE_FILE, MAX_FILE_BYTES, modelFolder, versionNumber } from "../layout.ts";
import { RegistryNameError } from "../registry-error.ts";
import type { Manifest, ManifestEvaluation, PublishedFile } from "../versions/manifest.ts";
import type { VersionCheck } from "../versions/read-version.ts";

/** A model to publish. */
export interface Publication {
  readonly modelName: string;
  readonly origin: Manifest["origin"];
  readonly configHash: string;
  readonly onnx: Uint8Array;
  readonly bundleJson: string;
  readonly modelCard: string;
  /** `importance.json`. Unset: the version has no global explanation. */
  readonly importanceJson?: string;
  readonly evaluation: ManifestEvaluation | null;
  /** The data that the version was trained on; left out when it is not known. */
  readonly provenance?: Manifest["training"];
  readonly now: Date;
}

const describe = (bytes: Uint8Array | string): PublishedFile => ({
  sha256: createHash("sha256").update(bytes).digest("hex"),
  bytes: Buffer.byteLength(bytes),
});

/** Returns the highest version number in a model's folder, 0 when it has none. */
async function newestNumber(folder: string): Promise<number> {
  return (await readdir(folder)).reduce((newest, name) => Math.max(newest, versionNumber(name)), 0);
}

/**
 * Creates a folder for a version's files with the permissions of the model's folder. A folder made by mkdtemp
 * is readable by its owner only, and ml-service may run as another user.
 */
async function makeDraft(folder: string): Promise<string> {
  const draft = await mkdtemp(path.join(folder, ".draft-"));
  const { mode } = await stat(folder);
  // chmod is called only when the mode differs, because some shared volumes reject every chmod.
  if ((await stat(draft)).mode !== mode) await chmod(draft, mode & 0o7777);
  return draft;
}

/**
 * Publishes a new version. All files are written and synced in a temporary folder, which is then renamed to
 * the next free `v<N>`. A version is therefore complete or does not exist, and two publishers get two
 * numbers. Aliases do not change.
 * @param check Called once, before any file is written.
 * @throws RegistryNameError for an invalid model name, a file over 64 MiB, or a model that already has the highest version number; any error of `check`
 */
export async function publishVersion(root: string, publication: Publication, check: VersionCheck): Promise<Manifest> {
  const { modelName, origin, configHash, evaluation, importanceJson } = publication;
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
      ...(importanceJson !== undefined && { [IMPORTANCE_FILE]: describe(importanceJson) }),
    },
    evaluation,
    training: publication.provenance ?? null,
  });
  await check({ ...publication, manifest: describeAs("v1") });
  await mkdir(folder, { recursive: true });
  for (let number = (await newestNumber(folder)) + 1; ; number++) {
    const version = `v${number}`;
    if (versionNumber(version) === 0) {
      throw new RegistryNameError(
        `model "${modelName}" has v${number - 1}, the highest possible version number; rename or remove that folder`,
      );
    }
    const manifest = describeAs(version);
    const draft = await makeDraft(folder);
    try {
      await writeSynced(path.join(draft, "model.onnx"), publication.onnx);
      await writeSynced(path.join(draft, "feature_bundle.json"), publication.bundleJson);
      await writeSynced(path.join(draft, "MODEL_CARD.md"), publication.modelCard);
      if (importanceJson !== undefined) await writeSynced(path.join(draft, IMPORTANCE_FILE), importanceJson);
      await writeSynced(path.join(draft, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
      await syncFolder(draft);
      await rename(draft, path.join(folder, version));
      await syncFolder(folder);
      return manifest;
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      // another publisher took this number in the meantime
      if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
}
