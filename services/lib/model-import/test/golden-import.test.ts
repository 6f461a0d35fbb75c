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
      "catboost-3.onnx": "e16cfd7417693e81",
      "catboost-classifier.onnx": "a09ec1fd01d65f5f",
      "catboost-regressor.onnx": "3405900f238a21f6",
      "lightgbm-3.onnx": "dcf60df78f3ac2ef",
      "lightgbm-categories.onnx": "8959087bce3ef2e0",
      "lightgbm-categories.txt": "the score of background row 19 changes when its numbers (Column_0, Column_1, Column_2) are rounded to float32; a float32 cannot tell such numbers apart: train on smaller ones (days since a date instead of seconds since 1970, an amount in thousands)",
      "lightgbm-classifier.onnx": "c5eba9ff35e86b22",
      "lightgbm-classifier.txt": "5e6d864344b69d9e",
      "lightgbm-forest.txt": "ebf25ab092c6351d",
      "lightgbm-no-missing.txt": "5e6d864344b69d9e",
      "lightgbm-one-vs-all.txt": "caf005708f18b057",
      "lightgbm-split.onnx": "61f16ca09bdf7588",
      "lightgbm-tweedie.onnx": "d0a87d88661523cc",
      "lightgbm-zero.txt": "93b120867f5fc872",
      "sklearn-boosting-3.onnx": "f1c595fc9bbba849",
      "sklearn-boosting.onnx": "3c3ab825215ae502",
      "sklearn-exponential.onnx": "42e6443b997abbd0",
      "sklearn-extra-trees.onnx": "e8d4781b19af94f1",
      "sklearn-forest-regressor.onnx": "d7a1375a7f7dc58c",
      "sklearn-forest.onnx": "8a898b92d4c8f115",
      "sklearn-histogram.onnx": "19c56d856591441f",
      "sklearn-imputed.onnx": "48be34c91b013589",
      "sklearn-minmax.onnx": "558d7a25697293c5",
      "sklearn-one-hot.onnx": "73dbe1619a67b213",
      "sklearn-scaled.onnx": "b1c155cf5d5eed1f",
      "sklearn-tree-names.onnx": "de39af8503082f58",
      "sklearn-voting.onnx": "f67a9889750ead9b",
      "xgboost-3.model": "03cc28a92386365d",
      "xgboost-3.onnx": "c75bcef5d479840d",
      "xgboost-categories.model": "9161672f631b9a1b",
      "xgboost-classifier.model": "dbb0b83af430e68b",
      "xgboost-classifier.onnx": "30388782db34ae18",
      "xgboost-dart.model": "74389cd3976ec9bf",
      "xgboost-poisson.model": "f8993de79d108a7c",
      "xgboost-poisson.onnx": "d8768dc3fe7caab6",
      "xgboost-regressor.onnx": "b60f154d640be672",
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
        "files": "ebb92c68c88a9def",
        "trees": "b7f9de67c87fcb85",
      },
      "catboost-biased.onnx": {
        "rejected": "a classifier of two classes with two base values: ONNX Runtime then drops the second class's trees, so its answers are not the model's; export it without a start value (CatBoost: boost_from_average=False), or import XGBoost's own file",
      },
      "catboost-classifier.onnx": {
        "files": "23f693db928165c6",
        "trees": "40cc1e92daabe604",
      },
      "catboost-regressor.onnx": {
        "files": "1bfc5ee76f5569c3",
        "trees": "ab5cfac5e41ea856",
      },
      "catboost.cbm": {
        "rejected": "CatBoost's own binary format (cbm); save it with save_model(FILE, format="onnx")",
      },
      "lightgbm-3.onnx": {
        "files": "aa586a15b327cca1",
        "trees": "908f45632a2d063d",
      },
      "lightgbm-categories.onnx": {
        "files": "409549f7aa49bb35",
        "trees": "583dcb3bcfd98236",
      },
      "lightgbm-categories.txt": {
        "files": "6c2ce4ade0e061df",
        "trees": "6b6461adbafc1aa8",
      },
      "lightgbm-classifier.onnx": {
        "files": "4ef3aa580a63df0e",
        "trees": "74eec1d3d7335c2c",
      },
      "lightgbm-classifier.txt": {
        "files": "a99dce9558728e05",
        "trees": "9a5943105598dad3",
      },
      "lightgbm-forest.txt": {
        "files": "e90c5f21a510ce80",
        "trees": "bcbfb963a1247e87",
      },
      "lightgbm-linear.txt": {
        "rejected": "trees with linear models in their leaves (linear_tree) are not sums of constants; train with linear_tree=false",
      },
      "lightgbm-no-missing.txt": {
        "files": "a99dce9558728e05",
        "trees": "9a5943105598dad3",
      },
      "lightgbm-one-vs-all.txt": {
        "files": "4c237b61c2eb6f77",
        "trees": "2fe09569e6fc700f",
      },
      "lightgbm-split.onnx": {
        "files": "718fd57fdd792f09",
        "trees": "c73f55249a2d941c",
      },
      "lightgbm-sqrt.txt": {
        "rejected": "objective "regression sqrt" is not a known link of a sum of trees; train with another objective, for example binary or regression",
      },
      "lightgbm-tweedie.onnx": {
        "files": "2f9b79c6535b26c0",
        "trees": "770470294cb3b566",
      },
      "lightgbm-zero.txt": {
        "files": "593d496f44ccc304",
        "trees": "23fac262e015ca52",
      },
      "sklearn-adaboost.onnx": {
        "rejected": "operator Equal computes with the chosen class instead of the trees' sums; the file is scikit-learn's AdaBoostClassifier; export a single tree model (forest, boosting), with no steps but those before it that scale, impute or encode single columns",
      },
      "sklearn-boosting-3.onnx": {
        "files": "85c56066c51ae0e8",
        "trees": "0d341fa0b6b88d22",
      },
      "sklearn-boosting.onnx": {
        "files": "40f42c941749179b",
        "trees": "83decc455bc47a6b",
      },
      "sklearn-calibrated.onnx": {
        "rejected": "operator Add after the trees computes something that is not a link of their sum; the file is scikit-learn's CalibratedClassifierCV; export a single tree model (forest, boosting), with no steps but those before it that scale, impute or encode single columns",
      },
      "sklearn-exponential.onnx": {
        "files": "54849cf8559e0ad1",
        "trees": "100f0d7332d8c72d",
      },
      "sklearn-extra-trees.onnx": {
        "files": "628fc77349afe371",
        "trees": "1d01c916875bae9c",
      },
      "sklearn-forest-regressor.onnx": {
        "files": "0557d27b257ea7f3",
        "trees": "552d4c576ee7b82a",
      },
      "sklearn-forest.onnx": {
        "files": "769af0c33ed34c59",
        "trees": "ff4a0b7e212ac931",
      },
      "sklearn-histogram.onnx": {
        "files": "c74f593d9572761e",
        "trees": "45fd5975e194d088",
      },
      "sklearn-imputed.onnx": {
        "files": "7b1d9a6ba072624b",
        "trees": "7c237f03e4f1e1e9",
      },
      "sklearn-isolation.onnx": {
        "rejected": "operator LabelEncoder after the trees computes something that is not a link of their sum; the file is scikit-learn's IsolationForest; export a single tree model (forest, boosting), with no steps but those before it that scale, impute or encode single columns",
      },
      "sklearn-minmax.onnx": {
        "files": "9d36cb27a97eea5f",
        "trees": "f0625f11ab1ce29e",
      },
      "sklearn-one-hot.onnx": {
        "files": "607a5bd20f9d7727",
        "trees": "8c8458c073e37430",
      },
      "sklearn-scaled.onnx": {
        "files": "92ac2235b6b73607",
        "trees": "f3a627a0a0a0b64a",
      },
      "sklearn-tree-names.onnx": {
        "files": "69c2e72e8111eeef",
        "trees": "038aa4a60ba665f7",
      },
      "sklearn-voting.onnx": {
        "files": "bc0e8b802d6ad8c0",
        "trees": "40c96056e095a8db",
      },
      "xgboost-3.model": {
        "files": "44e735a2364e9ab9",
        "trees": "0f8609b8547ce343",
      },
      "xgboost-3.onnx": {
        "files": "a36e7e7390b84d49",
        "trees": "399143be98b97816",
      },
      "xgboost-categories.model": {
        "files": "da5f26afcf5235dc",
        "trees": "9f886b696598a459",
      },
      "xgboost-classifier.model": {
        "files": "d4770cd90f7f9afe",
        "trees": "65948b14da35e0e2",
      },
      "xgboost-classifier.onnx": {
        "files": "8a727cf05a000b93",
        "trees": "e66856d38bc5f0cd",
      },
      "xgboost-dart.model": {
        "files": "121b2ff71d169e26",
        "trees": "fb6599335f2bbc92",
      },
      "xgboost-linear.model": {
        "rejected": "booster gblinear is not made of trees; train with booster=gbtree",
      },
      "xgboost-poisson.model": {
        "files": "2c1f3d82cb8491a5",
        "trees": "1e801ff6bed0147a",
      },
      "xgboost-poisson.onnx": {
        "files": "2f7f0fa230350eb4",
        "trees": "b1c61f85f9669f00",
      },
      "xgboost-regressor.onnx": {
        "files": "ad8e4943c6270746",
        "trees": "f52b0155d625fa49",
      },
      "xgboost-vectors.model": {
        "rejected": "trees with a vector in each leaf (multi_output_tree) are not read; train with multi_strategy=one_output_per_tree",
      },
    }
  `);
});
