import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mlflowFolder, readMlflowFolder } from "./mlflow-folder.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "mlflow-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const describeAs = (text: string) => writeFile(path.join(folder, "MLmodel"), text);

/** As `mlflow.xgboost.save_model` of MLflow 3 writes it. */
const XGBOOST = `artifact_path: model
flavors:
  python_function:
    data: model.ubj
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.xgboost
    python_version: 3.11.2
  xgboost:
    code: null
    data: model.ubj
    model_class: xgboost.sklearn.XGBClassifier
    model_format: ubj
    xgb_version: 3.1.1
mlflow_version: 3.6.0
model_uuid: 1f2e3d
run_id: 0a1b2c
utc_time_created: '2026-11-28 10:00:00.000000'
`;

test("the model file and its maker are those that MLmodel names", async () => {
  await describeAs(XGBOOST);
  expect(await readMlflowFolder(folder)).toEqual({
    file: path.join(folder, "model.ubj"),
    builder: "mlflow 3.6.0, xgboost 3.1.1, run 0a1b2c",
  });
  expect(mlflowFolder("mlflow:runs/model")).toBe("runs/model");
  expect(mlflowFolder("model.ubj")).toBeNull();
});

test.each([
  ["a path out of the folder", XGBOOST.replaceAll("data: model.ubj", "data: ../model.ubj")],
  ["an absolute path", XGBOOST.replaceAll("data: model.ubj", "data: /etc/passwd")],
  ["no path", XGBOOST.replaceAll("data: model.ubj", "data: 7")],
])("%s is rejected", async (_, text) => {
  await describeAs(text);
  await expect(readMlflowFolder(folder)).rejects.toThrow(
    "flavors.xgboost.data is not the name of a file in the folder",
  );
});

test("a pickle and another flavor are rejected with the way out", async () => {
  await describeAs(XGBOOST.replaceAll("data: model.ubj", "data: model.pkl"));
  await expect(readMlflowFolder(folder)).rejects.toThrow("which can run any code and is not read");
  await describeAs("flavors:\n  sklearn:\n    pickled_model: model.pkl\n");
  await expect(readMlflowFolder(folder)).rejects.toThrow(/has the flavors "sklearn".*skl2onnx/);
});

test("a folder without a description, and a description that is a folder or not YAML, are errors", async () => {
  await expect(readMlflowFolder(folder)).rejects.toThrow("has no file MLmodel");
  await mkdir(path.join(folder, "MLmodel"));
  await expect(readMlflowFolder(folder)).rejects.toThrow("has no file MLmodel");
  await rm(path.join(folder, "MLmodel"), { recursive: true });
  await describeAs("{");
  await expect(readMlflowFolder(folder)).rejects.toMatchObject({ name: "ConfigError" });
});
