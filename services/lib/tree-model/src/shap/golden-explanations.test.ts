import { type BinaryLike, createHash } from "node:crypto";
import { createRandom } from "@bellwether/risk-model/random";
import { trainBoosting } from "@bellwether/risk-model/trainer/train-boosting";
import { trainForest } from "@bellwether/risk-model/trainer/train-forest";
import { modelAndRows } from "@bellwether/testing/random-tree-model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readOnnxTreeModel } from "../onnx/read-tree-ensemble.ts";
import { writeOnnxTreeModelWithSets } from "../onnx/write/set-chains.ts";
import { evaluateRows } from "../trees/evaluate.ts";
import { outputScales } from "../trees/output-scales.ts";
import type { TreeModel } from "../trees/tree-model.ts";
import { createExplainer } from "./explainer.ts";
import { createInterventionalExplainer } from "./interventional-explainer.ts";
import { InterventionalRejectedError } from "./interventional-rejected-error.ts";
import { compileQuadrature } from "./quadrature-program.ts";
import { createScalarKernel } from "./scalar-kernel.ts";
import { treeShap } from "./tree-shap.ts";

interface Case {
  readonly model: TreeModel;
  readonly rows: Float32Array;
  readonly n: number;
}

/** Returns the SHA-256 of all bytes that the function returns for the cases, in order. */
function digest(cases: readonly Case[], bytesOf: (one: Case) => readonly BinaryLike[]): string {
  const hash = createHash("sha256");
  for (const one of cases) for (const bytes of bytesOf(one)) hash.update(bytes);
  return hash.digest("hex");
}

function digests(cases: readonly Case[]) {
  return {
    outputs: digest(cases, ({ model, rows }) => [evaluateRows(model, rows), outputScales(model)]),
    explained: digest(cases, ({ model, rows, n }) => {
      const explainer = createExplainer(model);
      return [explainer.baseValue, explainer.explain(rows, n), explainer.explain(rows.slice(0, model.features), 1)];
    }),
    withoutWasm: digest(cases, ({ model, rows, n }) => {
      const out = new Float32Array(n * model.outputs * model.features);
      createScalarKernel(compileQuadrature(model)).explain(rows, n, out);
      return [out];
    }),
    treeShap: digest(cases, ({ model, rows, n }) =>
      Array.from(
        { length: n },
        (_, i) => treeShap(model, rows.subarray(i * model.features, (i + 1) * model.features)).contributions,
      ),
    ),
    interventional: digest(cases, ({ model, rows, n }) => {
      const background = Math.min(n, 8);
      try {
        const explainer = createInterventionalExplainer(model, rows, background);
        return [explainer.baseValue, explainer.explain(rows, n)];
      } catch (error) {
        if (!(error instanceof InterventionalRejectedError)) throw error;
        return [Buffer.from(error.message)];
      }
    }),
    onnx: digest(cases, ({ model, rows }) => {
      const bytes = writeOnnxTreeModelWithSets(model);
      return [bytes, evaluateRows(readOnnxTreeModel(bytes).model, rows)];
    }),
  };
}

/** Returns a table with missing values and a label that can be learned: 400 rows of 12 columns. */
function trainingRows() {
  const random = createRandom(11, "golden explanations");
  const [rows, columns] = [400, 12];
  const values = Float32Array.from({ length: rows * columns }, () =>
    random.uniform() < 0.05 ? Number.NaN : random.normal(),
  );
  const labels = Uint8Array.from({ length: rows }, (_, i) =>
    (values[i * columns] || 0) + (values[i * columns + 1] || 0) * (values[i * columns + 2] || 1) > 0 ? 1 : 0,
  );
  return { values, rows, columns, labels };
}

test("random ensembles with sets, missing values and empty branches give the recorded bits", () => {
  const bounds = { maxFeatures: 6, maxOutputs: 3, maxTrees: 4, maxDepth: 5 };
  const cases = fc.sample(modelAndRows(bounds, 70), { seed: 20, numRuns: 60 });
  expect(digests(cases)).toMatchInlineSnapshot(`
    {
      "explained": "342f645d282e1d1a14ad344e1c98ac140c7d8e1524746b92f0d1bfbe3416f10c",
      "interventional": "3022bced4df50f1343e28c17a02ba28aa72779cfea6473f846548c7fec91e1c4",
      "onnx": "3518e5a191071683173d69032dc91f2019ae7db92970e960cd65fa151c6b4d66",
      "outputs": "8dabe8afd2b38e84a11d6c83f2f45164144021cbd6e35466b0eb8151cde558df",
      "treeShap": "07d1980ea9452d8824f9efee6cc00bd48dce4c13d33355a0c9001f60ce5f764a",
      "withoutWasm": "c196df93cd7713a28dca8cf384177374acee12d7e28a0dd4e31303ab7f76be69",
    }
  `);
});

test("a boosted model gives the recorded bits", () => {
  const table = trainingRows();
  const model = trainBoosting(
    table,
    {
      kind: "gradient_boosting",
      trees: 40,
      maxDepth: 6,
      learningRate: 0.2,
      l2: 1,
      minChildWeight: 1,
      subsample: 1,
      columnSample: 1,
      classWeight: "none",
      earlyStopping: null,
    },
    3,
  );
  expect(digests([{ model, rows: table.values.slice(0, 100 * table.columns), n: 100 }])).toMatchInlineSnapshot(`
    {
      "explained": "a4eb4dcb60808da9f72abaf437fda2c6d73238d993a835b8950c2edbe1bcf017",
      "interventional": "c55a00c8eaf99f399608cab9b447ace9bfbe8279839e40c3b1ae815dd5f5ed06",
      "onnx": "551997069014c899eed1750516e9d53f428153ed0e5565ff6336c029e60a088a",
      "outputs": "a8efd328209d315ce050bf42fa84e488a4b305a725d78bc97e813e9be2e204d2",
      "treeShap": "fa0482d3fbb93962b5c8a5dd09544eac15ecd41d065a9f7c8f99dfb207c456ff",
      "withoutWasm": "81aa89e5c8d757119f16141efb16c2aae38d971557c37957562ed80f2a19ac48",
    }
  `);
});

test("a deep forest gives the recorded bits", () => {
  const table = trainingRows();
  const model = trainForest(
    table,
    { kind: "random_forest", trees: 10, maxDepth: 0, minLeaf: 1, columnSample: 0.5, classWeight: "none" },
    3,
  );
  expect(digests([{ model, rows: table.values.slice(0, 100 * table.columns), n: 100 }])).toMatchInlineSnapshot(`
    {
      "explained": "161397795f1b4d9886b0a1d6525d0320840507e6e8a6a1c067d840219bf87798",
      "interventional": "ccf201f769e516da6d9e9e31f5700c83887d0f15d81cff394a1a9d96a83590e5",
      "onnx": "b39a95b019b8d7f11e6b9cd2cc197f0ccd38833db50a0b7854ecd5d39d948508",
      "outputs": "eaeaca063792aef0632297ff2f520454debf67e8aa7463b8e61312f94ac9173f",
      "treeShap": "049cd973b0a1a9be7aeb9e776b956fd818686e1d613ff4084377f1b18ac12d59",
      "withoutWasm": "52eedb88b2efcbd66914d7fcc1d84d87da9e8314a65e351773aa8d59355a4198",
    }
  `);
});
