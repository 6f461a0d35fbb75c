import { parentPort, workerData } from "node:worker_threads";
import { parseModelConfig } from "@bellwether/config/model-config";
import { parseYaml } from "@bellwether/config/yaml-file";
import { importModel } from "@bellwether/model-import/import-model";
import type { Publication } from "@bellwether/registry/publish/publish-version";
import { parseFeatureBundle } from "@bellwether/risk-model/bundle/parse-bundle";
import { describeModel } from "@bellwether/scoring/model/describe-model";
import { withImportance } from "@bellwether/scoring/publish/with-importance";
import { runOnnxModel } from "@bellwether/scoring/runtime/run-onnx-model";
import type { ImportTask, PrepareAnswer, PrepareTask, PublishTask } from "./prepare-task.ts";

/** Maximum number of notes of an answer. */
const MAX_NOTES = 100;

async function preparePublish({ modelName, onnx, bundleJson, modelCard }: PublishTask): Promise<PrepareAnswer> {
  try {
    const bundle = parseFeatureBundle(bundleJson);
    if (bundle.modelName !== modelName)
      return { outcome: "model-rejected", reason: `feature_bundle.json is of the model "${bundle.modelName}"` };
    const described = await describeModel({ onnx, bundleJson });
    const { modelKind } = bundle;
    const origin = modelKind === "imported" || modelKind === "scorecard" ? modelKind : "trained";
    const files = { onnx, bundleJson, modelCard };
    return {
      outcome: "ready",
      model: { ...files, origin, configHash: bundle.configHash, interface: described, notes: [] },
    };
  } catch (error) {
    return { outcome: "model-rejected", reason: messageOf(error) };
  }
}

async function prepareImport(given: ImportTask): Promise<PrepareAnswer> {
  try {
    const config =
      given.modelConfig === null ? null : parseModelConfig(parseYaml(given.modelConfig, "model_config.yaml"));
    const imported = await importModel({
      ...{ bytes: given.model, modelName: given.modelName, background: given.background, expected: given.expected },
      ...{ riskClass: given.riskClass, runOnnx: runOnnxModel },
      ...(config !== null && { declared: config.features, bands: config.bands }),
      ...(given.riskName !== null && { riskName: given.riskName }),
    });
    if (imported.status === "rejected") return { outcome: "import-rejected", reason: imported.reason };
    const { bundle, bundleJson, onnx, importanceRows, notes } = imported;
    const base: Publication = {
      ...{ modelName: given.modelName, origin: "imported", configHash: bundle.configHash },
      ...{ onnx, bundleJson, modelCard: imported.modelCard, evaluation: null, now: new Date(0) },
    };
    const { modelCard, importanceJson } = await withImportance(base, importanceRows);
    return {
      outcome: "ready",
      model: {
        ...{ origin: "imported", configHash: bundle.configHash, onnx, bundleJson, modelCard },
        ...(importanceJson !== undefined && { importanceJson }),
        interface: await describeModel({ onnx, bundleJson }),
        notes: notes.slice(0, MAX_NOTES),
      },
    };
  } catch (error) {
    // Everything that the reading of foreign files throws concerns those files.
    return { outcome: "import-rejected", reason: messageOf(error) };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : "it cannot be read");

const task = workerData as PrepareTask;
const answer = await (task.kind === "publish" ? preparePublish(task) : prepareImport(task));
// The thread ends with its answer: the model is handed over without a copy.
const { buffer } = answer.outcome === "ready" ? answer.model.onnx : new Uint8Array();
parentPort?.postMessage(answer, buffer instanceof ArrayBuffer ? [buffer] : []);
