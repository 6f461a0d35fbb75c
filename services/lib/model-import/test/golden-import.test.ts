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
      "catboost-3.onnx": "cd5cfc747e70b995",
      "catboost-classifier.onnx": "6ea2fea046325bb0",
      "catboost-regressor.onnx": "2d12bf8056a935a0",
      "lightgbm-3.onnx": "fa8c2d0dea70cc87",
      "lightgbm-categories.onnx": "96c77ec93af1cf72",
      "lightgbm-categories.txt": "the score of background row 19 changes when its numbers (Column_0, Column_1, Column_2) are rounded to float32; a float32 cannot tell such numbers apart: train on smaller ones (days since a date instead of seconds since 1970, an amount in thousands)",
      "lightgbm-classifier.onnx": "87bccd8bd57064de",
      "lightgbm-classifier.txt": "eaa7a325419303d1",
      "lightgbm-forest.txt": "658f33724f4697bd",
      "lightgbm-no-missing.txt": "eaa7a325419303d1",
      "lightgbm-one-vs-all.txt": "47272b88c9016193",
      "lightgbm-split.onnx": "7ed03fa410301124",
      "lightgbm-tweedie.onnx": "a1f04880e9c2956d",
      "lightgbm-zero.txt": "56a7793a7d03b323",
      "sklearn-boosting-3.onnx": "e4b4efd2de6517df",
      "sklearn-boosting.onnx": "17e1b7038f44ed3a",
      "sklearn-exponential.onnx": "4d5331b2525dba5f",
      "sklearn-extra-trees.onnx": "ab8fd6a05f7c8e56",
      "sklearn-forest-regressor.onnx": "b4dfeefcf1206aa6",
      "sklearn-forest.onnx": "72186650500e073f",
      "sklearn-histogram.onnx": "a93a84220a65194e",
      "sklearn-imputed.onnx": "5087959e08bf6438",
      "sklearn-minmax.onnx": "9c2ebe07c6eecea6",
      "sklearn-one-hot.onnx": "5f1e112364e23946",
      "sklearn-scaled.onnx": "417bc3ece2ab2af7",
      "sklearn-tree-names.onnx": "cede8520986491b4",
      "sklearn-voting.onnx": "a234cf8b906967bb",
      "xgboost-3.model": "66eddfcb93331066",
      "xgboost-3.onnx": "9fe98d98043d7974",
      "xgboost-categories.model": "169b26b58146f10f",
      "xgboost-classifier.model": "a8cbeb51d8196913",
      "xgboost-classifier.onnx": "bcf72c146d04ef91",
      "xgboost-dart.model": "5d6a7ee00a6dd39d",
      "xgboost-poisson.model": "01ea2629b711695b",
      "xgboost-poisson.onnx": "114992402abf4c14",
      "xgboost-regressor.onnx": "4dbe9a5ee2301617",
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
        "files": "6dbefbef3399346d",
        "trees": "b7f9de67c87fcb85",
      },
      "catboost-biased.onnx": {
        "rejected": "a classifier of two classes with two base values: ONNX Runtime then drops the second class's trees, so its answers are not the model's; export it without a start value (CatBoost: boost_from_average=False), or import XGBoost's own file",
      },
      "catboost-classifier.onnx": {
        "files": "8a0f6875ab0e4a64",
        "trees": "40cc1e92daabe604",
      },
      "catboost-regressor.onnx": {
        "files": "062226f656da4dbe",
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
        "files": "396525b452503bfb",
        "trees": "583dcb3bcfd98236",
      },
      "lightgbm-categories.txt": {
        "files": "a24d27ace11cdc1c",
        "trees": "6b6461adbafc1aa8",
      },
      "lightgbm-classifier.onnx": {
        "files": "0391d0f631080c28",
        "trees": "74eec1d3d7335c2c",
      },
      "lightgbm-classifier.txt": {
        "files": "c275865dda13258f",
        "trees": "9a5943105598dad3",
      },
      "lightgbm-forest.txt": {
        "files": "66645a1def44835e",
        "trees": "bcbfb963a1247e87",
      },
      "lightgbm-linear.txt": {
        "rejected": "trees with linear models in their leaves (linear_tree) are not sums of constants; train with linear_tree=false",
      },
      "lightgbm-no-missing.txt": {
        "files": "c275865dda13258f",
        "trees": "9a5943105598dad3",
      },
      "lightgbm-one-vs-all.txt": {
        "files": "72e593ededd1952f",
        "trees": "2fe09569e6fc700f",
      },
      "lightgbm-split.onnx": {
        "files": "a4657fc2e06b28ba",
        "trees": "c73f55249a2d941c",
      },
      "lightgbm-sqrt.txt": {
        "rejected": "objective "regression sqrt" is not a known link of a sum of trees; train with another objective, for example binary or regression",
      },
      "lightgbm-tweedie.onnx": {
        "files": "85e1aa1fde8d2cb2",
        "trees": "770470294cb3b566",
      },
      "lightgbm-zero.txt": {
        "files": "7c97bf3d0997664e",
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
        "files": "0724e638b7a14591",
        "trees": "83decc455bc47a6b",
      },
      "sklearn-calibrated.onnx": {
        "rejected": "operator Add after the trees computes something that is not a link of their sum; the file is scikit-learn's CalibratedClassifierCV; export a single tree model (forest, boosting), with no steps but those before it that scale, impute or encode single columns",
      },
      "sklearn-exponential.onnx": {
        "files": "c9aee11f6c625276",
        "trees": "100f0d7332d8c72d",
      },
      "sklearn-extra-trees.onnx": {
        "files": "527a85d1a1d4d160",
        "trees": "1d01c916875bae9c",
      },
      "sklearn-forest-regressor.onnx": {
        "files": "3f395db38dd1fe84",
        "trees": "552d4c576ee7b82a",
      },
      "sklearn-forest.onnx": {
        "files": "20e226ae6771e075",
        "trees": "ff4a0b7e212ac931",
      },
      "sklearn-histogram.onnx": {
        "files": "f48d7913e984649f",
        "trees": "45fd5975e194d088",
      },
      "sklearn-imputed.onnx": {
        "files": "687c07dda31a4e45",
        "trees": "7c237f03e4f1e1e9",
      },
      "sklearn-isolation.onnx": {
        "rejected": "operator LabelEncoder after the trees computes something that is not a link of their sum; the file is scikit-learn's IsolationForest; export a single tree model (forest, boosting), with no steps but those before it that scale, impute or encode single columns",
      },
      "sklearn-minmax.onnx": {
        "files": "49981bd16a078897",
        "trees": "f0625f11ab1ce29e",
      },
      "sklearn-one-hot.onnx": {
        "files": "24272bdb59865b80",
        "trees": "8c8458c073e37430",
      },
      "sklearn-scaled.onnx": {
        "files": "2b04746dc6b1132f",
        "trees": "f3a627a0a0a0b64a",
      },
      "sklearn-tree-names.onnx": {
        "files": "5fdf4a7a0e9ce4ee",
        "trees": "038aa4a60ba665f7",
      },
      "sklearn-voting.onnx": {
        "files": "8af84ebf1fe0e802",
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
        "files": "5e6db687ee7c3cd4",
        "trees": "9f886b696598a459",
      },
      "xgboost-classifier.model": {
        "files": "7d8b7e6599d911b2",
        "trees": "65948b14da35e0e2",
      },
      "xgboost-classifier.onnx": {
        "files": "a8d8028dab1b5db7",
        "trees": "e66856d38bc5f0cd",
      },
      "xgboost-dart.model": {
        "files": "f95a400688d2b065",
        "trees": "fb6599335f2bbc92",
      },
      "xgboost-linear.model": {
        "rejected": "booster gblinear is not made of trees; train with booster=gbtree",
      },
      "xgboost-poisson.model": {
        "files": "4d6a20723fe683b1",
        "trees": "1e801ff6bed0147a",
      },
      "xgboost-poisson.onnx": {
        "files": "cf9d9a844dc3b94a",
        "trees": "b1c61f85f9669f00",
      },
      "xgboost-regressor.onnx": {
        "files": "441a3b5588beff75",
        "trees": "f52b0155d625fa49",
      },
      "xgboost-vectors.model": {
        "rejected": "trees with a vector in each leaf (multi_output_tree) are not read; train with multi_strategy=one_output_per_tree",
      },
    }
  `);
});
