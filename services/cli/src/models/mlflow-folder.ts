import { stat } from "node:fs/promises";
import path from "node:path";
import { readYaml } from "@bellwether/config/yaml-file";
import { UsageError } from "../errors/usage-error.ts";

/** Prefix of a folder that MLflow has saved a model in. */
const PREFIX = "mlflow:";
/** File that describes the folder. */
const DESCRIPTION = "MLmodel";
/** Flavors whose file can be imported, the preferred one first. */
const FLAVORS = ["xgboost", "lightgbm", "onnx"] as const;
const MAX_TEXT = 128;

/** The model file of a folder of MLflow. */
export interface MlflowModel {
  /** Path of the model file. */
  readonly file: string;
  /** Program and run that made it, for the manifest. At most 256 characters. */
  readonly builder: string;
}

/** Returns the folder of `mlflow:FOLDER`; null for any other text. */
export function mlflowFolder(given: string): string | null {
  return given.startsWith(PREFIX) ? given.slice(PREFIX.length) : null;
}

/**
 * Finds the model file in a folder that `mlflow.xgboost.save_model`, `mlflow.lightgbm.save_model` or `mlflow.onnx.save_model` has written. No Python
 * code and no pickle of the folder is read.
 * @throws UsageError when the folder has no such model; ConfigError when MLmodel is not YAML
 */
export async function readMlflowFolder(folder: string): Promise<MlflowModel> {
  const description = path.join(folder, DESCRIPTION);
  const isThere = await stat(description).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isThere)
    throw new UsageError(`${folder} has no file ${DESCRIPTION}: name the folder that MLflow has saved the model in`);
  const { value } = await readYaml(description);
  const fields = mapOf(value);
  const flavors = mapOf(fields.flavors);
  const flavor = FLAVORS.find((name) => name in flavors);
  if (flavor === undefined) {
    const found = Object.keys(flavors).slice(0, 8).join(", ") || "none";
    throw new UsageError(
      `${description} has the flavors ${shown(found)}; importable are ${FLAVORS.join(", ")}. ` +
        "Convert a model of scikit-learn with skl2onnx and save it with mlflow.onnx",
    );
  }
  const details = mapOf(flavors[flavor]);
  const data = details.data ?? details.model_path;
  if (typeof data !== "string" || !isInside(data))
    throw new UsageError(`${description}: flavors.${flavor}.data is not the name of a file in the folder`);
  if (/\.(pkl|pickle|cloudpickle|skops)$/.test(data))
    throw new UsageError(
      `${description}: the model is a pickle (${shown(data)}), which can run any code and is not read. ` +
        `Save its booster instead, for example mlflow.${flavor}.save_model(model.booster_, …)`,
    );
  const version = textOf(details.xgb_version ?? details.lgb_version ?? details.onnx_version);
  const parts = [
    `mlflow ${textOf(fields.mlflow_version) || "?"}`,
    version && `${flavor} ${version}`,
    fields.run_id && `run ${textOf(fields.run_id)}`,
  ];
  return {
    file: path.join(folder, data),
    builder: parts
      .filter(Boolean)
      .join(", ")
      .slice(0, 2 * MAX_TEXT),
  };
}

const mapOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};

const textOf = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value).slice(0, MAX_TEXT) : "";

const shown = (text: string): string => JSON.stringify(text.slice(0, 2 * MAX_TEXT));

/** Whether a path stays in its folder, whatever the system. */
const isInside = (data: string): boolean =>
  data !== "" && !/[\\\0:]/.test(data) && data.split("/").every((part) => part !== "" && part !== "." && part !== "..");
