import { type BinaryLike, createHash } from "node:crypto";
import { createRandom } from "@bellwether/risk-model/random";
import type { Cell, ValueTable } from "@bellwether/risk-model/tables/value-table";
import { foreignModels } from "@bellwether/testing/foreign-models";
import { runOnnx } from "@bellwether/testing/run-onnx";
import type { BaseColumn } from "@bellwether/tree-model/onnx/ensemble/input-column";
import { expect, test } from "vitest";
import { importModel } from "../src/import-model.ts";
import { readSourceModel, type SourceModel } from "../src/source/source-model.ts";

const sha256 = (...parts: readonly BinaryLike[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex").slice(0, 16);
};

/** Returns digests of what an import publishes, or of the reason why it is rejected. */
async function imported(bytes: Uint8Array, background: ValueTable | null = null) {
  const result = await importModel({ bytes, modelName: "imported", background, riskClass: null, runOnnx });
  if (result.status === "rejected") return { rejected: result.reason };
  const { trees } = readSourceModel(bytes).model;
  return {
    trees: sha256(
      ...trees.flatMap((tree) => [
        ...[tree.feature, tree.threshold, tree.left, tree.right, tree.defaultLeft, tree.cover, tree.value],
        ...[...tree.members].flatMap(([node, members]) => [String(node), members]),
        ...(tree.exact === undefined ? [] : [tree.exact]),
      ]),
    ),
    files: sha256(result.onnx, result.bundleJson, result.modelCard),
  };
}

/** Returns 40 seeded rows of a model's columns: codes, categories and numbers, a tenth of them missing. */
function backgroundOf({ columns }: SourceModel): ValueTable {
  const random = createRandom(8, "golden import");
  const byName = Map.groupBy(columns, (column) => column.name);
  const cell = (group: readonly BaseColumn[]): Cell => {
    const column = group[random.below(group.length)];
    if (column === undefined || random.uniform() < 0.1) return null;
    if (column.category !== null) return column.category;
    return column.codes?.values[random.below(column.codes.values.length)] ?? Math.round(random.normal() * 200) / 100;
  };
  const records = Array.from({ length: 40 }, () => [...byName.values()].map(cell));
  return { header: [...byName.keys()], records, firstRow: 1 };
}

test("models with background rows have the recorded trees and published files", async () => {
  const results = [];
  for (const { name, bytes } of foreignModels()) {
    if ("rejected" in (await imported(bytes))) continue;
    const { rejected, files } = await imported(bytes, backgroundOf(readSourceModel(bytes)));
    results.push([name, rejected ?? files]);
  }
  expect(Object.fromEntries(results)).toMatchInlineSnapshot(`
    {
      "catboost-3.onnx": "5ae1e3be7458763a",
      "catboost-classifier.onnx": "4a8aefc87d77117b",
      "catboost-regressor.onnx": "d808b2e59a4ba154",
      "lightgbm-3.onnx": "fa8c2d0dea70cc87",
      "lightgbm-categories.onnx": "602f5150c936ca5a",
      "lightgbm-categories.txt": "the score of background row 19 changes when its numbers (Column_0, Column_1, Column_2) are rounded to float32; a float32 cannot tell such numbers apart: train on smaller ones (days since a date instead of seconds since 1970, an amount in thousands)",
      "lightgbm-classifier.onnx": "e9768149777f1863",
      "lightgbm-classifier.txt": "86a31bb300b528f5",
      "lightgbm-forest.txt": "6b4bcc95fa43ba1d",
      "lightgbm-no-missing.txt": "86a31bb300b528f5",
      "lightgbm-one-vs-all.txt": "47272b88c9016193",
      "lightgbm-split.onnx": "63c721f8c1505ccb",
      "lightgbm-tweedie.onnx": "d832fb5efa5ac735",
      "lightgbm-zero.txt": "f4a8f7ac923cf8fa",
      "sklearn-boosting-3.onnx": "e4b4efd2de6517df",
      "sklearn-boosting.onnx": "8ef1ebd7539c6aa3",
      "sklearn-exponential.onnx": "62d8296a32a392de",
      "sklearn-extra-trees.onnx": "ab8fd6a05f7c8e56",
      "sklearn-forest-regressor.onnx": "6611cacdcb0b0da6",
      "sklearn-forest.onnx": "b6e2147d52975b9e",
      "sklearn-histogram.onnx": "1b7a7030a1dbd8d0",
      "sklearn-imputed.onnx": "7ab6421df1cb09cf",
      "sklearn-minmax.onnx": "5aaa4a1c61d02e43",
      "sklearn-one-hot.onnx": "e53aa0a6035ce716",
      "sklearn-scaled.onnx": "aa9380cb0cf7bd96",
      "sklearn-tree-names.onnx": "c3ab8595c13a9ad7",
      "sklearn-voting.onnx": "387c521b6976e4c4",
      "xgboost-3.model": "66eddfcb93331066",
      "xgboost-3.onnx": "9fe98d98043d7974",
      "xgboost-categories.model": "2a75af7491e2d258",
      "xgboost-classifier.model": "a30dc742a936fcce",
      "xgboost-classifier.onnx": "f4b5cf113baf687a",
      "xgboost-dart.model": "277e5e60ea96db9a",
      "xgboost-poisson.model": "e5e1a8bf87844e60",
      "xgboost-poisson.onnx": "46aedf0850608d10",
      "xgboost-regressor.onnx": "7f0e936cc0764dbc",
    }
  `);
});

// Bundle and card contain outputs of the runtime, so an upgrade of ONNX Runtime may change `files`, but never
// `trees`.
test("every committed model file has the recorded trees and published files", async () => {
  const results = [];
  for (const { name, bytes } of foreignModels()) results.push([name, await imported(bytes)]);
  expect(Object.fromEntries(results)).toMatchInlineSnapshot(`
    {
      "catboost-3.onnx": {
        "files": "07cd310bb3851c37",
        "trees": "b7f9de67c87fcb85",
      },
      "catboost-biased.onnx": {
        "rejected": "a classifier of two classes with two base values: ONNX Runtime then drops the second class's trees, so its answers are not the model's; export it without a start value (CatBoost: boost_from_average=False), or import XGBoost's own file",
      },
      "catboost-classifier.onnx": {
        "files": "85cce91657f99704",
        "trees": "40cc1e92daabe604",
      },
      "catboost-regressor.onnx": {
        "files": "139e3b64ce80e16e",
        "trees": "ab5cfac5e41ea856",
      },
      "catboost.cbm": {
        "rejected": "CatBoost's own binary format (cbm); save it with save_model(FILE, format="onnx")",
      },
      "lightgbm-3.onnx": {
        "files": "1a71a067c666b37a",
        "trees": "908f45632a2d063d",
      },
      "lightgbm-categories.onnx": {
        "files": "2a46b97dbe981ac2",
        "trees": "583dcb3bcfd98236",
      },
      "lightgbm-categories.txt": {
        "files": "0c8bf379dcd1d5f7",
        "trees": "6b6461adbafc1aa8",
      },
      "lightgbm-classifier.onnx": {
        "files": "d327aa54a5ce4e65",
        "trees": "74eec1d3d7335c2c",
      },
      "lightgbm-classifier.txt": {
        "files": "5b9a60bb41f0fdf3",
        "trees": "9a5943105598dad3",
      },
      "lightgbm-forest.txt": {
        "files": "aa0a56a22f9f747b",
        "trees": "bcbfb963a1247e87",
      },
      "lightgbm-linear.txt": {
        "rejected": "trees with linear models in their leaves (linear_tree) are not sums of constants; train with linear_tree=false",
      },
      "lightgbm-no-missing.txt": {
        "files": "5b9a60bb41f0fdf3",
        "trees": "9a5943105598dad3",
      },
      "lightgbm-one-vs-all.txt": {
        "files": "72e593ededd1952f",
        "trees": "2fe09569e6fc700f",
      },
      "lightgbm-split.onnx": {
        "files": "9d9da5686de0a1aa",
        "trees": "c73f55249a2d941c",
      },
      "lightgbm-sqrt.txt": {
        "rejected": "objective "regression sqrt" is not a known link of a sum of trees; train with another objective, for example binary or regression",
      },
      "lightgbm-tweedie.onnx": {
        "files": "f7a7bbcb606fb9cd",
        "trees": "770470294cb3b566",
      },
      "lightgbm-zero.txt": {
        "files": "28dd97a5c0b17623",
        "trees": "23fac262e015ca52",
      },
      "sklearn-adaboost.onnx": {
        "rejected": "operator Equal computes with the chosen class instead of the trees' sums; the file is scikit-learn's AdaBoostClassifier; export a single tree model (forest, boosting), with no steps but those before it that scale, impute or encode single columns",
      },
      "sklearn-boosting-3.onnx": {
        "files": "5f0458c46bf4f00c",
        "trees": "0d341fa0b6b88d22",
      },
      "sklearn-boosting.onnx": {
        "files": "8c0bb7ea13f91e88",
        "trees": "83decc455bc47a6b",
      },
      "sklearn-calibrated.onnx": {
        "rejected": "operator Add after the trees computes something that is not a link of their sum; the file is scikit-learn's CalibratedClassifierCV; export a single tree model (forest, boosting), with no steps but those before it that scale, impute or encode single columns",
      },
      "sklearn-exponential.onnx": {
        "files": "d89963b90425c954",
        "trees": "100f0d7332d8c72d",
      },
      "sklearn-extra-trees.onnx": {
        "files": "527a85d1a1d4d160",
        "trees": "1d01c916875bae9c",
      },
      "sklearn-forest-regressor.onnx": {
        "files": "4d06140ac3e81de3",
        "trees": "552d4c576ee7b82a",
      },
      "sklearn-forest.onnx": {
        "files": "cece90fde08294a6",
        "trees": "ff4a0b7e212ac931",
      },
      "sklearn-histogram.onnx": {
        "files": "d968c6e174feafc9",
        "trees": "45fd5975e194d088",
      },
      "sklearn-imputed.onnx": {
        "files": "91b43b444e759143",
        "trees": "7c237f03e4f1e1e9",
      },
      "sklearn-isolation.onnx": {
        "rejected": "operator LabelEncoder after the trees computes something that is not a link of their sum; the file is scikit-learn's IsolationForest; export a single tree model (forest, boosting), with no steps but those before it that scale, impute or encode single columns",
      },
      "sklearn-minmax.onnx": {
        "files": "6a3ca41e71a40f55",
        "trees": "f0625f11ab1ce29e",
      },
      "sklearn-one-hot.onnx": {
        "files": "debbd1e1c47c79b0",
        "trees": "8c8458c073e37430",
      },
      "sklearn-scaled.onnx": {
        "files": "13b9760420d85502",
        "trees": "f3a627a0a0a0b64a",
      },
      "sklearn-tree-names.onnx": {
        "files": "91908829a459ac31",
        "trees": "038aa4a60ba665f7",
      },
      "sklearn-voting.onnx": {
        "files": "c668d5daca05ed51",
        "trees": "40c96056e095a8db",
      },
      "xgboost-3.model": {
        "files": "9d2344e7fb6bb6ed",
        "trees": "0f8609b8547ce343",
      },
      "xgboost-3.onnx": {
        "files": "ef1a409874fe5d55",
        "trees": "399143be98b97816",
      },
      "xgboost-categories.model": {
        "files": "f7759381d47a09ba",
        "trees": "9f886b696598a459",
      },
      "xgboost-classifier.model": {
        "files": "bc9045eb16acc2cb",
        "trees": "65948b14da35e0e2",
      },
      "xgboost-classifier.onnx": {
        "files": "ed2c1b08103276f3",
        "trees": "e66856d38bc5f0cd",
      },
      "xgboost-dart.model": {
        "files": "12141e1ee3e973ca",
        "trees": "fb6599335f2bbc92",
      },
      "xgboost-linear.model": {
        "rejected": "booster gblinear is not made of trees; train with booster=gbtree",
      },
      "xgboost-poisson.model": {
        "files": "d052406c8c7b2e3b",
        "trees": "1e801ff6bed0147a",
      },
      "xgboost-poisson.onnx": {
        "files": "c019c719e51f6d3e",
        "trees": "b1c61f85f9669f00",
      },
      "xgboost-regressor.onnx": {
        "files": "e7d271d62117a62c",
        "trees": "f52b0155d625fa49",
      },
      "xgboost-vectors.model": {
        "rejected": "trees with a vector in each leaf (multi_output_tree) are not read; train with multi_strategy=one_output_per_tree",
      },
    }
  `);
});
