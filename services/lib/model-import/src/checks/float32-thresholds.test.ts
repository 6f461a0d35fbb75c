import { createVectorizer } from "@bellwether/risk-model/features/vectorize";
import { runOnnx } from "@bellwether/testing/run-onnx";
import { nextFloat32Above } from "@bellwether/tree-model/trees/float32";
import { describe, expect, test } from "vitest";
import { type ImportedModel, importModel, type RejectedModel } from "../import-model.ts";

/**
 * Returns a LightGBM file of stumps (trees with one split): for each its threshold, its left leaf and its
 * right leaf.
 */
function stumps(...trees: readonly (readonly [threshold: number, left: number, right: number])[]): Uint8Array {
  return stumpsOver("[0:2e9]", ...trees);
}

/** @param range Training range of the column, as in `feature_infos`. */
function stumpsOver(
  range: string,
  ...trees: readonly (readonly [threshold: number, left: number, right: number])[]
): Uint8Array {
  const sections = trees.map(
    ([threshold, left, right], at) => `Tree=${at}
num_leaves=2
num_cat=0
split_feature=0
threshold=${threshold}
decision_type=8
left_child=-1
right_child=-2
leaf_value=${left} ${right}
leaf_count=50 50
internal_count=100
is_linear=0
shrinkage=1
`,
  );
  const head = `tree
version=v4
num_class=1
num_tree_per_iteration=1
max_feature_idx=0
objective=regression
feature_names=opened
feature_infos=${range}
`;
  return new TextEncoder().encode(`${head}\n${sections.join("\n\n")}\nend of trees\n`);
}

const importRows = (
  bytes: Uint8Array,
  given: { background?: string; expected?: string } = {},
): Promise<ImportedModel | RejectedModel> => {
  const encode = (text: string | undefined) => (text === undefined ? null : new TextEncoder().encode(text));
  const [background, expected] = [encode(given.background), encode(given.expected)];
  return importModel({ bytes, modelName: "stumps", background, expected, riskClass: null, runOnnx });
};

/** Returns `count` stumps whose thresholds are far apart. */
const apart = (count: number): [number, number, number][] =>
  Array.from({ length: count }, (_, at): [number, number, number] => [at * 1024, 0, 1]);

describe("thresholds that round to the same float32", () => {
  test("rejects a model when more than 1 % of a column's thresholds merge, even if no score changes", async () => {
    const same: [number, number, number] = [1_700_000_001.5, 2, 2];
    expect(await importRows(stumps([1_700_000_000.5, 2, 2], same, ...apart(97)))).toMatchObject({
      status: "rejected",
      reason: expect.stringMatching(/column opened: 1 of 99 thresholds .*1700000000\.5 and 1700000001\.5.*days since/),
    });
    expect(await importRows(stumps([1_700_000_000.5, 2, 2], same, ...apart(98)))).toMatchObject({ status: "imported" });
  });

  test("adds a line to the card when up to 1 % merge and no score changes", async () => {
    const imported = await importRows(stumps([1_700_000_000.5, 2, 2], [1_700_000_001.5, 2, 2], ...apart(98)));
    expect(imported).toMatchObject({
      modelCard: expect.stringMatching(/1 of 100 thresholds .* no score changes by it/),
    });
  });

  test("rejects a model when up to 1 % merge and the scores of rows between them change", async () => {
    expect(await importRows(stumps([1_700_000_000.5, 2, 3], [1_700_000_001.5, 2, 2], ...apart(98)))).toMatchObject({
      status: "rejected",
      reason: expect.stringMatching(/rows between them get another score than from their trainer/),
    });
  });

  test("rejects background and expected rows whose scores change by rounding, and names the row", async () => {
    const model = stumps([1_700_000_000.5, 2, 3]);
    const header = "opened";
    expect(await importRows(model, { background: `${header}\n5\n1700000001\n` })).toMatchObject({
      status: "rejected",
      reason: expect.stringMatching(/^the score of background row 2 changes when its numbers \(opened\)/),
    });
    expect(await importRows(model, { expected: `${header},answer\n1700000001,3\n` })).toMatchObject({
      status: "rejected",
      reason: expect.stringMatching(/^the score of expected row 1 changes/),
    });
    expect(await importRows(model, { background: `${header}\n5\n1700000000\n` })).toMatchObject({ status: "imported" });
  });
});

describe("a single threshold between numbers that float32 does not distinguish", () => {
  test("rejects a model when rounding moves more than 1 % of a column's training range", async () => {
    // The next float32 above 1,700,000,000.5 is 1,700,000,128.
    expect(await importRows(stumpsOver("[1700000000:1700000002]", [1_700_000_000.5, 0, 1]))).toMatchObject({
      status: "rejected",
      kind: "unsupported",
      reason: expect.stringMatching(
        /column opened: float32 moves 100 % of its training range 1700000000 to 1700000002 .*between 1700000000\.5 and 1700000128\); .*days since/,
      ),
    });
    const over = (range: number) => stumpsOver(`[1700000000:${1_700_000_000 + range}]`, [1_700_000_000.5, 0, 1]);
    expect(await importRows(over(12_749))).toMatchObject({ status: "rejected" });
    expect(await importRows(over(12_751))).toMatchObject({ status: "imported" });
  });

  test("adds a line to the card when the share is smaller, and none for ordinary numbers", async () => {
    const some = await importRows(stumpsOver("[1700000000:1700100000]", [1_700_000_000.5, 0, 1]));
    expect(some).toMatchObject({ notes: [expect.stringContaining("float32 moves 0.13 % of its training range")] });
    expect(await importRows(stumpsOver("[0:1]", [0.3, 0, 1]))).toMatchObject({ status: "imported", notes: [] });
    expect(await importRows(stumpsOver("none", [1_700_000_000.5, 0, 1]))).toMatchObject({ notes: [] });
  });
});

test("float32 rows and decimals on a threshold go to the same side as in the trainer", async () => {
  // The double after 0.3. The float32 of 0.3 is larger.
  const threshold = 0.30000000000000004;
  const imported = await importRows(stumps([threshold, 10, 20]));
  if (imported.status === "rejected") throw new Error(imported.reason);
  expect(imported.bundle.rounding).toBe("down");
  const { vectorize, vectorizeBatch } = createVectorizer(imported.bundle);
  const answer = async (rows: Float32Array) =>
    runOnnx(imported.onnx, 1, [{ name: "input", columns: 1, data: { type: "float32", values: rows } }], "output");
  const given = (opened: number) => vectorize({ features: { opened }, categories: {}, text: "" }, "supplier").row;
  expect(Array.from(await answer(given(0.3)))).toEqual([10]);
  expect(Array.from(await answer(given(Math.fround(0.3))))).toEqual([20]);
  expect(Array.from(await answer(given(nextFloat32Above(0.3))))).toEqual([20]);
  const columns = { rows: 2, categories: new Map(), texts: null };
  const numbers = (list: Float64Array | Float32Array) => new Map([["opened", list]]);
  const doubles = vectorizeBatch({ ...columns, numbers: numbers(Float64Array.of(0.3, 0.4)) }).values;
  expect(doubles.subarray(0, 1)).toEqual(given(0.3));
  const singles = vectorizeBatch({ ...columns, numbers: numbers(Float32Array.of(0.3, 0.4)) }).values;
  expect(singles.subarray(0, 1)).toEqual(Float32Array.of(0.3));
});
