import { foreignModels } from "@bellwether/testing/foreign-models";
import { runOnnx } from "@bellwether/testing/run-onnx";
import { expect, test } from "vitest";
import { importModel } from "../src/import-model.ts";

/**
 * Kinds of files that are not imported, with a part of the reason; docs/model-import-matrix.md lists all
 * kinds of today's trainers.
 */
const REJECTED: Readonly<Record<string, RegExp>> = {
  "sklearn-calibrated.onnx": /Add after the trees/,
  "sklearn-adaboost.onnx": /Equal computes with the chosen class/,
  "sklearn-isolation.onnx": /LabelEncoder after the trees/,
  "xgboost-vectors.model": /multi_output_tree/,
  "xgboost-linear.model": /gblinear is not made of trees/,
  "lightgbm-linear.txt": /linear_tree/,
  "lightgbm-sqrt.txt": /regression sqrt/,
  "catboost-biased.onnx": /boost_from_average=False/,
  "catboost.cbm": /own binary format \(cbm\)/,
};

test.each(foreignModels().map((file) => [file.name, file] as const))(
  "%s of an earlier release of its trainer is imported, or rejected with a correct reason",
  async (name, { bytes }) => {
    const task = { bytes, modelName: "imported", background: null, riskClass: null, runOnnx };
    const imported = await importModel(task);
    const reason = REJECTED[name];
    if (reason === undefined) expect(imported).toMatchObject({ status: "imported" });
    else expect(imported).toMatchObject({ status: "rejected", reason: expect.stringMatching(reason) });
  },
);
