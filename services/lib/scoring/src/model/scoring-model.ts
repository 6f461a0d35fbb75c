import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { parseFeatureBundle } from "@bellwether/risk-model/bundle/parse-bundle";
import { createVectorizer, type Vectorizer } from "@bellwether/risk-model/features/vectorize";
import { readOnnxTreeModel } from "@bellwether/tree-model/onnx/read-tree-ensemble";
import { outputScales } from "@bellwether/tree-model/trees/output-scales";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import { type ModelOutputs, openOnnxSession, RUNTIME } from "../runtime/onnx-session.ts";
import { explainedOutput } from "./explained-output.ts";
import { ModelRejectedError } from "./model-rejected-error.ts";
import { createRowCollector, type ScoreRow } from "./row-collector.ts";
import { createRowExplainer, type RowExplainer } from "./row-explainer.ts";
import { verifyModel } from "./verify-model.ts";

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
  /** Whether the output is one sum of trees. It is not for one class of a model with three or more classes. */
  readonly isSumOfTrees: boolean;
  /** Reads the trees of the model file, which scoring does not keep in memory. */
  readTrees(): TreeModel;
  /** Frees the runtime's memory; the caller must wait for all calls first. */
  release(): Promise<void>;
}

/**
 * Loads a version, verifies that its answers equal the recorded ones, and frees it. Call it before a version
 * is published or an alias is moved.
 * @throws the errors of `openScoringModel`.
 */
export async function checkScoringModel(stored: StoredVersion): Promise<void> {
  const model = await openScoringModel(stored);
  await model.release();
}

/**
 * Loads a version and verifies that its answers equal the recorded ones.
 * @throws ModelRejectedError when model.onnx cannot be read or run, or golden rows or the explanation differ; BundleError when the bundle cannot be read.
 */
export async function openScoringModel(stored: StoredVersion): Promise<ScoringModel> {
  const bundle = parseFeatureBundle(stored.bundleJson);
  try {
    return await openWithBundle(stored, bundle);
  } catch (cause) {
    if (cause instanceof ModelRejectedError || !(cause instanceof Error)) throw cause;
    // The cause can be an error of the ONNX reader in tree-model, of the vectorizer or of the runtime.
    throw new ModelRejectedError(`model.onnx cannot be loaded with its bundle: ${cause.message}`, { cause });
  }
}

async function openWithBundle(stored: StoredVersion, bundle: FeatureBundle): Promise<ScoringModel> {
  const { manifest } = stored;
  const vectorizer = createVectorizer(bundle);
  const { model, classColumn } = readOnnxTreeModel(stored.onnx);
  if (model.features !== vectorizer.columns) {
    throw new ModelRejectedError(
      `model.onnx takes ${model.features} columns, its bundle describes ${vectorizer.columns}`,
    );
  }
  const explained = explainedOutput(stored.onnx, model, classColumn, bundle);
  const session = await openOnnxSession(explained.onnx, vectorizer.columns, explained.margin);
  try {
    const explainer = await createRowExplainer(explained.model, bundle.explanation).catch((cause: unknown) => {
      if (!(cause instanceof Error)) throw cause;
      throw new ModelRejectedError(`the bundle's explanation does not fit model.onnx: ${cause.message}`, { cause });
    });
    await verifyModel(bundle, session, explainer, outputScales(explained.model)[0] as number);
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
      scoreRow: createRowCollector(vectorizer.columns, session, explainer),
      explainer,
      isSumOfTrees: classColumn === null && model.outputs === 1,
      readTrees: () => readOnnxTreeModel(stored.onnx).model,
      release: session.release,
    };
  } catch (error) {
    await session.release();
    throw error;
  }
}
