import { ModelCorruptError } from "./registry-error.ts";

/** Digest and size of one published file. */
export interface PublishedFile {
  /** SHA-256, lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
}

/** The figures of a version that lists show; the card has them all. */
export interface ManifestEvaluation {
  readonly auc: number;
  readonly baselineFeature: string;
  readonly baselineAuc: number;
}

/** What a version is, stored as `manifest.json` beside the model. */
export interface Manifest {
  readonly format: "bellwether.manifest/1";
  readonly modelName: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly publishedAt: string;
  readonly origin: "trained" | "imported";
  /** SHA-256 of the configuration pair, lower-case hex. */
  readonly configHash: string;
  readonly files: Readonly<Record<"model.onnx" | "feature_bundle.json" | "MODEL_CARD.md", PublishedFile>>;
  /** Null when the model was imported and never evaluated here. */
  readonly evaluation: ManifestEvaluation | null;
}

const isFile = (v: unknown): v is PublishedFile =>
  typeof v === "object" &&
  v !== null &&
  "sha256" in v &&
  "bytes" in v &&
  /^[0-9a-f]{64}$/.test(String(v.sha256)) &&
  Number.isSafeInteger(v.bytes);

/** Reads a manifest. @throws ModelCorruptError naming what is wrong. */
export function parseManifest(text: string, file: string): Manifest {
  let m: Partial<Manifest>;
  try {
    m = JSON.parse(text) as Partial<Manifest>;
  } catch {
    throw new ModelCorruptError(file, "is not JSON");
  }
  if (m?.format !== "bellwether.manifest/1") throw new ModelCorruptError(file, `format is not "bellwether.manifest/1"`);
  for (const key of ["modelName", "version", "publishedAt", "origin", "configHash"] as const) {
    if (typeof m[key] !== "string") throw new ModelCorruptError(file, `${key} is missing`);
  }
  for (const name of ["model.onnx", "feature_bundle.json", "MODEL_CARD.md"] as const) {
    if (!isFile(m.files?.[name])) throw new ModelCorruptError(file, `files.${name} has no digest`);
  }
  return { evaluation: null, ...m } as Manifest;
}
