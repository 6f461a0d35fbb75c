import type { TrainingProvenance } from "@bellwether/risk-model/training/provenance";
import { unchecked } from "../files/unchecked.ts";
import { isUtcTime } from "../files/utc-time.ts";
import { versionNumber } from "../layout.ts";
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

/** An input or output of `model.onnx`. */
export interface ModelTensor {
  readonly name: string;
  /** Type of the elements as in the Open Inference Protocol, for example "FP32". */
  readonly datatype: string;
  /** Null: the number of rows. */
  readonly shape: readonly (number | null)[];
}

/** What a model takes and returns. */
export interface ModelInterface {
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
  /** SHA-256 of the canonical JSON of names and kinds of the features in their order, the text feature, and the risk class. */
  readonly featureSchemaSha256: string;
}

/** Description of a version, stored as `manifest.json` beside the model. */
export interface Manifest {
  readonly format: "bellwether.manifest/1";
  readonly modelName: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly publishedAt: string;
  readonly origin: "trained" | "imported" | "scorecard";
  /** SHA-256 of the configuration (model_config.yaml and feature_mapping.yaml), lower-case hex. */
  readonly configHash: string;
  readonly files: Readonly<Record<"model.onnx" | "feature_bundle.json" | "MODEL_CARD.md", PublishedFile>> & {
    /** The global explanation. Unset: it was not computed, for example by an earlier release. */
    readonly "importance.json"?: PublishedFile;
  };
  /** Figures of the version. Null for a scorecard, and for a model that was imported and not evaluated here. */
  readonly evaluation: ManifestEvaluation | null;
  /**
   * Training data of the version. Null for imported versions, for scorecards, and for versions published before this
   * field existed.
   */
  readonly training: TrainingProvenance | null;
  /** What the model takes and returns. Unset: published by an earlier release. */
  readonly interface?: ModelInterface;
  /** Figures of the version by name, for example "auc". At most 64. Unset: none. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** The champion of the model when the version was published, for example "v2". Unset: none, or not known. */
  readonly parent?: string;
  /** The program that made the version, for example "bellwether 0.1.0". Unset: not known. */
  readonly builder?: string;
  /** The runtime that recorded the outputs of the golden rows, for example "onnxruntime 1.30.0". Unset: not known. */
  readonly runtime?: string;
  /** SHA-256 of the training data, lower-case hex, as the publisher says. Unset: that of `training`, or not known. */
  readonly dataSha256?: string;
}

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
    ...(m.interface !== undefined && { interface: read("interface", m.interface, isInterface) }),
    ...(m.metrics !== undefined && { metrics: read("metrics", m.metrics, isMetrics) }),
    ...(m.parent !== undefined && { parent: read("parent", m.parent, isVersion) }),
    ...(m.dataSha256 !== undefined && { dataSha256: read("dataSha256", m.dataSha256, isSha256) }),
    ...(m.runtime !== undefined && { runtime: read("runtime", m.runtime, isName) }),
    ...(m.builder !== undefined && { builder: read("builder", m.builder, isName) }),
  };
}

const isText = (value: unknown): value is string => typeof value === "string" && value.length <= 64;
const isSha256 = (value: unknown): value is string => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const ORIGINS: readonly unknown[] = ["trained", "imported", "scorecard"] satisfies Manifest["origin"][];
const isOrigin = (value: unknown): value is Manifest["origin"] => ORIGINS.includes(value);
const isFigure = (value: unknown): boolean => value === null || typeof value === "number";

const isVersion = (value: unknown): value is string => typeof value === "string" && versionNumber(value) > 0;
/** Maximum length of the name of a builder, of a metric and of a tensor, in characters. */
const MAX_NAME = 256;
const isName = (value: unknown): value is string => typeof value === "string" && value.length <= MAX_NAME;
const MAX_METRICS = 64;
const MAX_TENSORS = 16;

function isMetrics(value: unknown): value is Readonly<Record<string, number>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return entries.length <= MAX_METRICS && entries.every(([name, figure]) => isName(name) && Number.isFinite(figure));
}

function isInterface(value: unknown): value is ModelInterface {
  const { inputs, outputs, featureSchemaSha256 } = unchecked<ModelInterface>(value);
  return isSha256(featureSchemaSha256) && [inputs, outputs].every(isTensors);
}

function isTensors(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > MAX_TENSORS) return false;
  return value.every((tensor: unknown) => {
    const { name, datatype, shape } = unchecked<ModelTensor>(tensor);
    const isShape = Array.isArray(shape) && shape.length <= 8 && shape.every((size) => size === null || isSize(size));
    return isName(name) && isText(datatype) && isShape;
  });
}

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
