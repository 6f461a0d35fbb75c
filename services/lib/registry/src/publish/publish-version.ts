import { createHash } from "node:crypto";
import type { SigningKey } from "../keys/registry-keys.ts";
import { SIGNATURE_FILE, signManifest, withSignature } from "../keys/signature-file.ts";
import { IMPORTANCE_FILE, MAX_FILE_BYTES, modelFolder } from "../layout.ts";
import { RegistryNameError } from "../registry-error.ts";
import type { IsSameModel, NewFile } from "../storage/registry-storage.ts";
import { type Registry, storageOf } from "../storage/storage-of.ts";
import {
  type Manifest,
  type ManifestEvaluation,
  type ModelInterface,
  type PublishedFile,
  parseManifest,
} from "../versions/manifest.ts";
import type { VersionCheck } from "../versions/read-version.ts";
import { hasSameFiles } from "../versions/same-files.ts";

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
  /** What the model takes and returns; left out when it is not known. */
  readonly interface?: ModelInterface;
  /** Figures by name; at most 64. Default: none. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** The champion when the model was made, for example "v2". */
  readonly parent?: string;
  /** The program that made the model, for example "bellwether 0.1.0". */
  readonly builder?: string;
  /** The runtime that recorded the golden rows, for example "onnxruntime 1.30.0". Left out when it is not known. */
  readonly runtime?: string;
  /** SHA-256 of the training data, when there is no `provenance`. */
  readonly dataSha256?: string;
  readonly now: Date;
}

const describe = (bytes: Uint8Array | string): PublishedFile => ({
  sha256: createHash("sha256").update(bytes).digest("hex"),
  bytes: Buffer.byteLength(bytes),
});

function signatureOf(manifest: Uint8Array, key: SigningKey, { builder = "", now }: Publication): string {
  return withSignature(null, signManifest(manifest, key, { signedBy: builder, now }));
}

/**
 * Publishes a new version under the next free number. It is complete or not visible: its manifest gets there last. Two publishers
 * get two numbers. Aliases do not change.
 * @param check Called once, before any file is written.
 * @throws RegistryNameError for an invalid model name, a file over 64 MiB, or a model that already has the highest version number; any error of `check`
 */
export async function publishVersion(
  registry: Registry,
  publication: Publication,
  check: VersionCheck,
): Promise<Manifest> {
  const manifest = await store(registry, publication, check, { isUnlessSame: false });
  if (manifest === null) throw new Error("a version that is stored in any case was not stored");
  return manifest;
}

/**
 * Publishes a version as `publishVersion` does, unless another version has the same model and bundle, byte for byte. Of publishers of the
 * same model at the same time, one publishes it.
 * @returns null: another version has the same files, and nothing was published
 */
export const publishUnlessSame = (
  registry: Registry,
  publication: Publication,
  check: VersionCheck,
): Promise<Manifest | null> => store(registry, publication, check, { isUnlessSame: true });

async function store(
  registry: Registry,
  publication: Publication,
  check: VersionCheck,
  { isUnlessSame }: { readonly isUnlessSame: boolean },
): Promise<Manifest | null> {
  const { modelName, origin, configHash, evaluation, importanceJson } = publication;
  if (publication.onnx.byteLength > MAX_FILE_BYTES || Buffer.byteLength(publication.bundleJson) > MAX_FILE_BYTES) {
    throw new RegistryNameError(
      `model "${modelName}" is over ${MAX_FILE_BYTES / 1024 / 1024} MiB; train fewer or shallower trees`,
    );
  }
  modelFolder("", modelName);
  const files = {
    "model.onnx": describe(publication.onnx),
    "feature_bundle.json": describe(publication.bundleJson),
    "MODEL_CARD.md": describe(publication.modelCard),
    ...(importanceJson !== undefined && { [IMPORTANCE_FILE]: describe(importanceJson) }),
  };
  const describeAs = (version: string): Manifest => ({
    format: "bellwether.manifest/1",
    modelName,
    version,
    publishedAt: publication.now.toISOString(),
    origin,
    configHash,
    files,
    evaluation,
    training: publication.provenance ?? null,
    ...(publication.interface !== undefined && { interface: publication.interface }),
    ...(publication.metrics !== undefined && { metrics: publication.metrics }),
    ...(publication.parent !== undefined && { parent: publication.parent }),
    ...(publication.builder !== undefined && { builder: publication.builder }),
    ...(publication.runtime !== undefined && { runtime: publication.runtime }),
    ...(publication.dataSha256 !== undefined && { dataSha256: publication.dataSha256 }),
  });
  await check({ ...publication, manifest: describeAs("v1") });
  const file = (name: string, content: string): NewFile => ({ name, bytes: Buffer.from(content) });
  const storage = storageOf(registry);
  const filesOf = (number: string): readonly NewFile[] => {
    const manifest = file("manifest.json", `${JSON.stringify(describeAs(number), null, 2)}\n`);
    return [
      { name: "model.onnx", bytes: publication.onnx },
      file("feature_bundle.json", publication.bundleJson),
      file("MODEL_CARD.md", publication.modelCard),
      ...(importanceJson === undefined ? [] : [file(IMPORTANCE_FILE, importanceJson)]),
      // The signature comes first, so that a version is signed as soon as it is visible.
      ...(storage.signer === undefined
        ? []
        : [file(SIGNATURE_FILE, signatureOf(manifest.bytes, storage.signer, publication))]),
      manifest,
    ];
  };
  const isSame: IsSameModel = (manifest) =>
    hasSameFiles(parseManifest(Buffer.from(manifest).toString("utf8"), `another version of ${modelName}`), files);
  const version = await storage.createVersion(modelName, filesOf, isUnlessSame ? isSame : undefined);
  return version === null ? null : describeAs(version);
}
