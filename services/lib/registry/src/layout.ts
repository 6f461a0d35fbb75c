import path from "node:path";
import { fileURLToPath } from "node:url";
import { MODEL_NAME_PATTERN, MODEL_NAME_RULE } from "@bellwether/contract/model-name";
import { RegistryNameError } from "./registry-error.ts";

/** Files of one version, in the order in which they are written. */
export const VERSION_FILES = ["model.onnx", "feature_bundle.json", "MODEL_CARD.md", "manifest.json"] as const;

/** A file that only versions of later releases have. */
export const IMPORTANCE_FILE = "importance.json";

/** Results of the promotion gate about a version: written after its publication, so they are not in its manifest. */
export const gateFileOf = (gateId: string): string => `gate-${gateId.slice(0, 16)}.json`;
export const GATE_CARD = "GATE.md";
export const GATE_PLOT_FILES = ["gate-reliability.svg", "gate-precision-recall.svg", "gate-score-shift.svg"] as const;

/** Maximum size of a result and of the files that are written with it, in bytes; a full one has about 60 kB. */
export const MAX_GATE_BYTES = 1024 * 1024;

/** Maximum size of a file that the registry writes or reads: 64 MiB. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Maximum size of a manifest, in bytes; a typical manifest has about 1 kB. */
export const MAX_MANIFEST_BYTES = 64 * 1024;

const VERSION = /^v([1-9][0-9]{0,8})$/;

/**
 * Returns the folder of a registry given as `file:models`, `file:///srv/models` or a plain path (relative to
 * `cwd`).
 * @throws RegistryNameError for any other scheme.
 */
export function registryRoot(url: string, cwd: string): string {
  if (url.startsWith("file://")) return fileURLToPath(url);
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1];
  if (scheme && scheme !== "file") {
    throw new RegistryNameError(`MODEL_REGISTRY_URL: "${scheme}:" is not supported; use file:FOLDER`);
  }
  const folder = scheme ? url.slice(scheme.length + 1) : url;
  if (folder === "") throw new RegistryNameError("MODEL_REGISTRY_URL is empty; use file:FOLDER");
  return path.resolve(cwd, folder);
}

/** Whether a text is a valid model name. */
export const isModelName = (name: string): boolean => MODEL_NAME_PATTERN.test(name);

/** Returns the folder of a model. @throws RegistryNameError when the path would be outside the registry. */
export function modelFolder(root: string, modelName: string): string {
  if (!isModelName(modelName)) {
    throw new RegistryNameError(`model name "${modelName.slice(0, 80)}": use ${MODEL_NAME_RULE}`);
  }
  return path.join(root, modelName);
}

/** Returns the folder of a version. @throws RegistryNameError for a version that is not v1, v2, … */
export function versionFolder(root: string, modelName: string, version: string): string {
  if (!VERSION.test(version)) throw new RegistryNameError(`version "${version.slice(0, 80)}": expected v1, v2, …`);
  return path.join(modelFolder(root, modelName), version);
}

/** Returns the version number from a folder's name, or 0 when the name is not a version. */
export function versionNumber(name: string): number {
  return Number(VERSION.exec(name)?.[1] ?? 0);
}
