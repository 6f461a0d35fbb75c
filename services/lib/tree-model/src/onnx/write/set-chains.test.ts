import { ort } from "@bellwether/scoring/runtime/load-onnxruntime";
import { expect, test } from "vitest";
import { evaluateRows } from "../../trees/evaluate.ts";
import type { TreeModel } from "../../trees/tree-model.ts";
import { readOnnxTreeModel } from "../read-tree-ensemble.ts";
import { writeOnnxTreeModelWithSets } from "./set-chains.ts";

/** x0 ∈ {2, 5, 40} → x1 ≤ 0.5 → 1 or 10. Otherwise x0 ∈ {−1.5} (missing goes left) → 100 or 1000. */
const model: TreeModel = {
  features: 2,
  outputs: 1,
  base: Float64Array.of(0.25),
  link: "identity",
  hasCovers: true,
  trees: [
    {
      feature: Int32Array.of(0, 1, -1, -1, 0, -1, -1),
      threshold: Float32Array.of(0, 0.5, 0, 0, 0, 0, 0),
      left: Int32Array.of(1, 2, -1, -1, 5, -1, -1),
      right: Int32Array.of(4, 3, -1, -1, 6, -1, -1),
      defaultLeft: Uint8Array.of(0, 0, 0, 0, 1, 0, 0),
      cover: Float64Array.of(10, 6, 4, 2, 4, 1, 3),
      value: Float64Array.of(0, 0, 1, 10, 0, 100, 1000),
      members: new Map([
        [0, Float32Array.of(2, 5, 40)],
        [4, Float32Array.of(-1.5)],
      ]),
    },
  ],
};
const rows = Float32Array.of(2, 0, 5, 1, 40, 0.5, -1.5, 0, Number.NaN, 0, 3, 0, 2.5, 1, 5, Number.NaN);
const answers = [1.25, 10.25, 1.25, 100.25, 100.25, 1000.25, 1000.25, 10.25];

test("ONNX Runtime evaluates set splits as we do, and the file reads back to the same sets and covers", async () => {
  expect([...evaluateRows(model, rows)]).toEqual(answers);
  const bytes = writeOnnxTreeModelWithSets(model);
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const { output } = await session.run({ input: new ort.Tensor("float32", rows, [rows.length / 2, 2]) });
  expect([...((output?.data ?? []) as Float32Array)]).toEqual(answers);
  await session.release();
  expect(readOnnxTreeModel(bytes).model).toEqual(model);
});
