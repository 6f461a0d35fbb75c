import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { BundleError, parseFeatureBundle } from "@bellwether/risk-model/bundle/parse-bundle";
import { createVectorizer, type Vectorizer } from "@bellwether/risk-model/features/vectorize";
import { readOnnxTreeModel } from "@bellwether/tree-model/onnx/read-tree-ensemble";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import { nextTurn } from "../runtime/event-loop-turn.ts";
import { type ModelOutputs, type OnnxSession, openOnnxSession, RUNTIME } from "../runtime/onnx-session.ts";
import { featureSchemaHash } from "./describe-model.ts";
import { createMicroBatcher, type ScoreRow } from "./micro-batcher.ts";
import { type CheckList, createCheckList, type ModelCheck } from "./model-check.ts";
import { ModelRejectedError } from "./model-rejected-error.ts";
import { type PreparedModel, prepareModel } from "./prepared-model.ts";
import { openRowExplainer, type RowExplainer } from "./row-explainer.ts";
import { measureRow } from "./row-time.ts";
import type { ServiceContract } from "./service-contract.ts";
import { answerGoldenRows, answerRows, verifyAdditivity, verifyGoldenRows } from "./verify-model.ts";

/**
 * Identifies exactly what computes a score, enough to compute it again. Digests are SHA-256, lower-case hex.
 */
export interface ModelIdentity {
  readonly name: string;
  readonly version: string;
  readonly modelDigest: string;
  readonly bundleDigest: string;
  readonly configHash: string;
  readonly runtime: string;
  readonly kernel: string;
}

/** A published model, loaded, checked and ready to score. */
export interface ScoringModel {
  readonly identity: ModelIdentity;
  readonly bundle: FeatureBundle;
  readonly vectorizer: Vectorizer;
  /** Returns outputs before calibration, and margins, `[n]`, for float32 rows `[n × columns]`. */
  predict(rows: Float32Array, n: number): Promise<ModelOutputs>;
  /** Computes a single row, together with the other rows of the same callback of the event loop. */
  readonly scoreRow: ScoreRow;
  /** Computes contributions. Null when the bundle declares no explanation. */
  readonly explainer: RowExplainer | null;
  /** Whether the output is one sum of trees. False for one class of a model with three or more classes. */
  readonly isSumOfTrees: boolean;
  /** Reads the trees of the model file, which scoring does not keep in memory. */
  readTrees(): TreeModel;
  /** Frees the runtime's memory; the caller must wait for all calls first. */
  release(): Promise<void>;
}

/** Which checks a version must pass besides those that every loading makes. */
export interface GateOptions {
  /** Default: the check "contract" is not made. */
  readonly contract?: ServiceContract | null;
  /** Longest time of the processor for a single row with its contributions, ms. Default 250. */
  readonly maxRowMs?: number;
}

/** Default of `maxRowMs`: a call that takes longer delays all others. */
export const DEFAULT_MAX_ROW_MS = 250;

/**
 * Loads a version, makes every check of the gate that concerns its content, and frees it. Call it before a version
 * is published, before an alias is moved, and before a version is served.
 * @returns the results of the checks from "bundle" to "latency", in their order
 * @throws ModelRejectedError with the checks that were made.
 */
export async function checkScoringModel(stored: StoredVersion, gate: GateOptions = {}): Promise<readonly ModelCheck[]> {
  const { model, checks } = await openCheckedModel(stored, gate);
  await model.release();
  return checks;
}

/** A model that has passed the checks of the gate. */
export interface CheckedModel {
  readonly model: ScoringModel;
  /** What another thread needs to open the same version. */
  readonly prepared: PreparedModel;
  /** The results of the checks from "bundle" to "latency", in their order. */
  readonly checks: readonly ModelCheck[];
}

/** Makes the checks of `checkScoringModel`, and returns the model that has passed them. @throws ModelRejectedError */
export async function openCheckedModel(
  stored: StoredVersion,
  { contract = null, maxRowMs = DEFAULT_MAX_ROW_MS }: GateOptions = {},
): Promise<CheckedModel> {
  const list = createCheckList();
  try {
    const bundle = await list.make("bundle", () => readBundle(stored));
    const vectorizer = createVectorizer(bundle);
    const prepared = await prepareModel(stored.onnx, { bundle, columns: vectorizer.columns }, list, contract);
    await using opened = await openParts(stored, bundle, vectorizer, prepared);
    await verifyParts(opened, list);
    const { session, explainer, scale } = opened;
    const missing = new Float32Array(bundle.columns.length).fill(Number.NaN);
    await list.make("missing_row", async () => {
      const answers = await answerRows(missing, 1, session, explainer);
      if (!Number.isFinite(answers.outputs[0]))
        throw new ModelRejectedError(`a row without values: the output is ${answers.outputs[0]}`);
      verifyAdditivity(answers, explainer?.baseValue ?? 0, scale, "a row without values: row");
    });
    const limit = `at most ${maxRowMs} ms`;
    const measure = async (): Promise<number> => {
      const ms = await measureRow(missing, session, explainer);
      if (ms > maxRowMs)
        throw new ModelRejectedError(
          `a single row with its contributions takes ${ms.toPrecision(2)} ms of the processor, ${limit} are accepted; train fewer or shallower trees`,
        );
      return ms;
    };
    await list.make("latency", measure, (ms) => `${ms.toPrecision(2)} ms a row, ${limit}`);
    return { model: opened.serve(), prepared, checks: list.checks };
  } catch (error) {
    const { message, cause } = rejectionOf(error);
    throw new ModelRejectedError(message, { cause: cause ?? error, checks: list.checks });
  }
}

/**
 * Loads a version and verifies that its answers equal the recorded ones. Between its steps, other work of the event loop is done.
 * @param prepared what another thread has read of this version; null: it is read here
 * @throws ModelRejectedError when the bundle is not that of the manifest, model.onnx cannot be read or run, or golden rows or the explanation differ; BundleError when the bundle cannot be read.
 */
export async function openScoringModel(
  stored: StoredVersion,
  prepared: PreparedModel | null = null,
): Promise<ScoringModel> {
  const bundle = readBundle(stored);
  try {
    const vectorizer = createVectorizer(bundle);
    const list = createCheckList();
    await using opened = await openParts(
      stored,
      bundle,
      vectorizer,
      prepared ?? (await prepareModel(stored.onnx, { bundle, columns: vectorizer.columns }, list, null)),
    );
    await verifyParts(opened, list);
    return opened.serve();
  } catch (cause) {
    throw rejectionOf(cause);
  }
}

/** Reads a version for a thread that opens it, without any check of its outputs. @throws the errors of `openScoringModel` */
export async function prepareVersion(stored: StoredVersion): Promise<PreparedModel> {
  const bundle = readBundle(stored);
  try {
    const { columns } = createVectorizer(bundle);
    return await prepareModel(stored.onnx, { bundle, columns }, createCheckList(), null);
  } catch (cause) {
    throw rejectionOf(cause);
  }
}

/** Returns the error that says why a version cannot be served; errors of the program itself stay as they are. */
function rejectionOf(cause: unknown): Error {
  if (cause instanceof ModelRejectedError || cause instanceof BundleError) return cause;
  if (!(cause instanceof Error)) throw cause;
  // The cause can be an error of the ONNX reader in tree-model, of the vectorizer or of the runtime.
  return new ModelRejectedError(`model.onnx cannot be loaded with its bundle: ${cause.message}`, { cause });
}

/**
 * Reads the bundle of a version, and compares it with what the manifest says about it.
 * @throws BundleError, ModelRejectedError when the bundle is of another model, or has other features than the manifest says
 */
function readBundle({ manifest, bundleJson }: StoredVersion): FeatureBundle {
  const bundle = parseFeatureBundle(bundleJson);
  if (bundle.modelName !== manifest.modelName)
    throw new ModelRejectedError(
      `feature_bundle.json is of the model "${bundle.modelName}", the version is of "${manifest.modelName}"`,
    );
  // Versions of earlier releases have no digest of their features.
  const declared = manifest.interface?.featureSchemaSha256;
  const found = featureSchemaHash(bundle);
  if (declared !== undefined && declared !== found)
    throw new ModelRejectedError(
      `feature_bundle.json has other features, text or risk class than the version was published with: their digest is ${found}, interface.featureSchemaSha256 of the manifest is ${declared}; publish the model again instead of changing its files`,
    );
  return bundle;
}

/** A version in memory. Disposing of it frees the runtime's memory, unless it is served. */
interface OpenedParts extends AsyncDisposable {
  readonly stored: StoredVersion;
  readonly bundle: FeatureBundle;
  readonly session: OnnxSession;
  readonly explainer: RowExplainer | null;
  /** Sizes of the summands of the margin. */
  readonly scale: number;
  /** Returns the model; who uses it releases it. */
  serve(): ScoringModel;
}

async function openParts(
  stored: StoredVersion,
  bundle: FeatureBundle,
  vectorizer: Vectorizer,
  { extendedOnnx, margin, explainer: compiled, isSumOfTrees, scale }: PreparedModel,
): Promise<OpenedParts> {
  const { manifest } = stored;
  const session = await openOnnxSession(extendedOnnx ?? stored.onnx, vectorizer.columns, margin);
  let isServed = false;
  try {
    await nextTurn();
    const explainer = openRowExplainer(compiled);
    await nextTurn();
    return {
      ...{ stored, bundle, session, explainer, scale },
      serve() {
        isServed = true;
        return {
          identity: {
            name: manifest.modelName,
            version: manifest.version,
            modelDigest: manifest.files["model.onnx"].sha256,
            bundleDigest: manifest.files["feature_bundle.json"].sha256,
            configHash: manifest.configHash,
            runtime: RUNTIME,
            kernel: explainer?.kernel ?? "none",
          },
          bundle,
          vectorizer,
          predict: session.runWithMargins,
          scoreRow: createMicroBatcher(vectorizer.columns, session, explainer),
          explainer,
          isSumOfTrees,
          readTrees: () => readOnnxTreeModel(stored.onnx).model,
          release: session.release,
        };
      },
      async [Symbol.asyncDispose]() {
        if (!isServed) await session.release();
      },
    };
  } catch (error) {
    await session.release();
    throw error;
  }
}

/** Compares golden rows and contributions. @throws ModelRejectedError */
async function verifyParts({ stored, bundle, session, explainer, scale }: OpenedParts, list: CheckList): Promise<void> {
  const recordedBy = stored.manifest.runtime ?? RUNTIME;
  const isSameRuntime = recordedBy === RUNTIME;
  const answers = await list.make(
    "golden_rows",
    async () => {
      const computed = await answerGoldenRows(bundle, session, explainer);
      verifyGoldenRows(bundle, computed, isSameRuntime ? null : scale);
      return computed;
    },
    () =>
      isSameRuntime
        ? `${bundle.golden.length} rows, bit for bit`
        : `${bundle.golden.length} rows within 0.00001: they were recorded with ${recordedBy}`,
  );
  if (explainer === null) return list.skip("additivity", "the model has no contributions");
  await list.make("additivity", () => verifyAdditivity(answers, explainer.baseValue, scale, "golden row"));
}
