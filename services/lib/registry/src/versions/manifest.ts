import type { TrainingProvenance } from "@bellwether/risk-model/training/provenance";
import { unchecked } from "../files/unchecked.ts";
import { isUtcTime } from "../files/utc-time.ts";
import { ModelCorruptError } from "../registry-error.ts";

/** Digest and size of one published file. */
export interface PublishedFile {
  /** SHA-256, lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
}

/** The evaluation figures that a list of versions shows. The model card holds all figures of the version. */
export interface ManifestEvaluation {
  /** Area under the ROC curve on the test rows. Null when all test rows are of one class. */
  readonly auc: number | null;
  /** Name of the feature that alone was the baseline. Empty when there was no baseline. */
  readonly baselineFeature: string;
  readonly baselineAuc: number | null;
}

/** Description of a version, stored as `manifest.json` beside the model. */
export interface Manifest {
  readonly format: "bellwether.manifest/1";
  readonly modelName: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly publishedAt: string;
  readonly origin: "trained" | "imported";
  /** SHA-256 of the configuration (model_config.yaml and feature_mapping.yaml), lower-case hex. */
  readonly configHash: string;
  readonly files: Readonly<Record<"model.onnx" | "feature_bundle.json" | "MODEL_CARD.md", PublishedFile>> & {
    /** The global explanation. Unset: it was not computed, for example by an earlier release. */
    readonly "importance.json"?: PublishedFile;
  };
  /** Figures of the version. Null for a model that was imported and not evaluated here. */
  readonly evaluation: ManifestEvaluation | null;
  /**
   * Training data of the version. Null for imported versions, and for versions published before this field
   * existed.
   */
  readonly training: TrainingProvenance | null;
}

/** Maximum size of a manifest, in bytes; a typical manifest has about 1 kB. */
export const MAX_MANIFEST_BYTES = 64 * 1024;

/** Parses a manifest. @throws ModelCorruptError naming the invalid field */
export function parseManifest(text: string, file: string): Manifest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new ModelCorruptError(file, "is not JSON");
  }
  const m = unchecked<Manifest>(parsed);
  if (m.format !== "bellwether.manifest/1") throw new ModelCorruptError(file, `format is not "bellwether.manifest/1"`);
  const read = <T>(key: keyof Manifest, value: unknown, isValid: (value: unknown) => value is T): T => {
    if (!isValid(value)) throw new ModelCorruptError(file, `${key} is missing or invalid`);
    return value;
  };
  const files = unchecked<Manifest["files"]>(m.files);
  const digest = (name: keyof Manifest["files"]): PublishedFile => {
    const { sha256, bytes } = unchecked<PublishedFile>(files[name]);
    if (!isSha256(sha256) || !isSize(bytes)) throw new ModelCorruptError(file, `files.${name} has no digest`);
    return { sha256, bytes };
  };
  return {
    format: m.format,
    modelName: read("modelName", m.modelName, isText),
    version: read("version", m.version, isText),
    publishedAt: read("publishedAt", m.publishedAt, isUtcTime),
    origin: read("origin", m.origin, isOrigin),
    configHash: read("configHash", m.configHash, isText),
    files: {
      "model.onnx": digest("model.onnx"),
      "feature_bundle.json": digest("feature_bundle.json"),
      "MODEL_CARD.md": digest("MODEL_CARD.md"),
      ...(files["importance.json"] !== undefined && { "importance.json": digest("importance.json") }),
    },
    evaluation: read("evaluation", m.evaluation ?? null, isEvaluationOrNull),
    training: read("training", m.training ?? null, isTrainingOrNull),
  };
}

const isText = (value: unknown): value is string => typeof value === "string" && value.length <= 64;
const isSha256 = (value: unknown): value is string => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isOrigin = (value: unknown): value is Manifest["origin"] => value === "trained" || value === "imported";
const isFigure = (value: unknown): boolean => value === null || typeof value === "number";

function isEvaluationOrNull(value: unknown): value is ManifestEvaluation | null {
  if (value === null) return true;
  const { auc, baselineFeature, baselineAuc } = unchecked<ManifestEvaluation>(value);
  return isFigure(auc) && typeof baselineFeature === "string" && isFigure(baselineAuc);
}

function isTrainingOrNull(value: unknown): value is TrainingProvenance | null {
  if (value === null) return true;
  const { dataSha256, rows, positives, suppliers, period, split, calibration } = unchecked<TrainingProvenance>(value);
  const { by, testShare, testFrom, windowDays, seed } = unchecked<TrainingProvenance["split"]>(split);
  const { kind, from, rows: calibrationRows } = unchecked<TrainingProvenance["calibration"]>(calibration);
  return (
    isSha256(dataSha256) &&
    [rows, positives, suppliers, windowDays, seed, calibrationRows].every(isSize) &&
    (period === null || (Array.isArray(period) && period.length === 2 && period.every(isText))) &&
    (by === "time" || by === "supplier") &&
    typeof testShare === "number" &&
    (testFrom === null || isText(testFrom)) &&
    isText(kind) &&
    isText(from)
  );
}
