import { ort } from "@bellwether/scoring/runtime/load-onnxruntime";
import {
  type FixtureAttribute,
  type FixtureModel,
  type FixtureNode,
  onnxFixture,
  tensorFixture,
} from "@bellwether/testing/onnx-fixture";
import { runOnnx } from "@bellwether/testing/run-onnx";
import { type FixtureTreeNode, regressorFixture, stump, treeAttributes } from "@bellwether/testing/tree-fixture";
import { readOnnxModel } from "@bellwether/tree-model/onnx/read-onnx-model";
import { describe, expect, test } from "vitest";
import { pickColumn, predictRows } from "../src/checks/agreement.ts";
import { probeInputs } from "../src/rows/probe-inputs.ts";

const EDGES = [
  -3,
  -1,
  -0.5,
  0,
  0.25,
  0.5,
  Math.fround(0.1),
  1,
  2,
  3,
  5,
  7,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
/** Rows of two columns: every pair of edge values. */
const ROWS = Float32Array.from(EDGES.flatMap((first) => EDGES.flatMap((second) => [first, second])));

/** Returns the outputs of the canonical model and those of the runtime for the given rows. */
async function bothAnswers(bytes: Uint8Array, rows: Float32Array): Promise<{ ours: number[]; theirs: number[] }> {
  const { model, columns, probe } = readOnnxModel(bytes);
  const count = rows.length / model.features;
  const answers = await runOnnx(probe.bytes, count, probeInputs(probe, columns, rows), probe.output);
  const theirs = pickColumn(answers, probe.outputColumns, probe.outputColumn);
  return { ours: [...predictRows(model, rows)].map(Math.fround), theirs: [...theirs] };
}

async function expectSameAnswers(bytes: Uint8Array, rows = ROWS): Promise<void> {
  const { ours, theirs } = await bothAnswers(bytes, rows);
  expect(ours).toHaveLength(theirs.length);
  for (const [at, value] of ours.entries()) expect(value).toBeCloseTo(theirs[at] ?? Number.NaN, 5);
}

function classifierFixture(
  tree: readonly FixtureTreeNode[],
  attributes: Readonly<Record<string, FixtureAttribute>>,
): Uint8Array<ArrayBuffer> {
  const nodes = [
    {
      opType: "TreeEnsembleClassifier",
      inputs: ["x"],
      outputs: ["label", "y"],
      attributes: { ...treeAttributes([tree], "class"), ...attributes },
    },
  ];
  return onnxFixture({
    nodes,
    inputs: [{ name: "x", columns: 2 }],
    outputs: [{ name: "label", elementType: 7 }, { name: "y" }],
  });
}

/** Returns a stump (a tree with one split) whose two leaves have the given weights. */
function weighing(...leaves: readonly Readonly<Record<number, number>>[]): FixtureTreeNode[] {
  const [root] = stump();
  return [root ?? {}, ...leaves.map((weights) => ({ weights }))];
}

describe("nodes", () => {
  const modes = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"];

  test.each(modes.flatMap((mode) => [false, true].map((missingYes) => [mode, missingYes] as const)))(
    "%s with missing values tracked %s",
    (mode, missingYes) => expectSameAnswers(regressorFixture(treeAttributes([stump({ mode, missingYes })]))),
  );

  test("mixed modes in one tree, weights on inner nodes, a leaf without a weight, a tree of one leaf", async () => {
    const tree: FixtureTreeNode[] = [
      { mode: "BRANCH_GT", feature: 0, value: 0.25, yes: 1, no: 2, weights: { 0: 1000 } },
      { mode: "BRANCH_NEQ", feature: 1, value: 5, yes: 3, no: 4, missingYes: true },
      { mode: "BRANCH_LT", feature: 0, value: -0.5, yes: 5, no: 6 },
      { weights: { 0: 1 } },
      { weights: { 0: 2 } },
      { weights: { 0: 4 } },
      {},
    ];
    await expectSameAnswers(regressorFixture(treeAttributes([tree, [{ weights: { 0: 64 } }], stump({ feature: 1 })])));
  });

  test("a tree's root is its first listed node", async () => {
    await expectSameAnswers(regressorFixture(treeAttributes([[{ weights: { 0: 8 } }, ...stump({ yes: 2, no: 3 })]])));
  });

  test.each([
    ["small whole numbers, which the runtime folds", [1, 3, 7]],
    ["numbers that it does not fold", [-0.5, 100, 2]],
  ])("a chain of equalities is one set: %s", async (_, members) => {
    const chain = members.map((value, at) => ({
      mode: "BRANCH_EQ",
      value,
      yes: members.length,
      no: at === members.length - 1 ? members.length + 1 : at + 1,
      missingYes: true,
    }));
    const bytes = regressorFixture(treeAttributes([[...chain, { weights: { 0: 1 } }, { weights: { 0: 2 } }]]));
    await expectSameAnswers(bytes);
    expect([...(readOnnxModel(bytes).model.trees[0]?.members.get(0) ?? [])]).toEqual(members.toSorted((a, b) => a - b));
  });
});

describe("ensembles", () => {
  const bases: readonly (readonly number[])[] = [[], [0.5]];
  const transforms = ["NONE", "LOGISTIC", "SOFTMAX"];
  const cases = transforms.flatMap((transform) => bases.map((base) => [transform, base] as const));
  const attributesOf = (transform: string, base: readonly number[]): Record<string, FixtureAttribute> => ({
    post_transform: { text: transform },
    ...(base.length === 0 ? {} : { base_values: { floats: base } }),
  });

  test.each(cases)("one target, %s, base %j", (transform, base) =>
    expectSameAnswers(regressorFixture({ ...treeAttributes([stump()]), ...attributesOf(transform, base) })),
  );

  test.each([
    ["SUM", [10]],
    ["AVERAGE", [10]],
  ])("trees joined by %s", (aggregate, base) =>
    expectSameAnswers(
      regressorFixture({
        ...treeAttributes([stump(), stump({ feature: 1 })]),
        aggregate_function: { text: aggregate },
        base_values: { floats: base },
      }),
    ),
  );

  test("a transform that the runtime ignores is reported", () => {
    const bytes = regressorFixture({ ...treeAttributes([stump()]), post_transform: { text: "LOGISTIC" } });
    expect(readOnnxModel(bytes).notes).toEqual([expect.stringContaining("LOGISTIC is ignored")]);
  });

  test.each(["MIN", "MAX"])("trees joined by %s are rejected", (aggregate) => {
    const bytes = regressorFixture({ ...treeAttributes([stump()]), aggregate_function: { text: aggregate } });
    expect(() => readOnnxModel(bytes)).toThrow(`joined by ${aggregate}`);
  });

  test.each(transforms)("two targets, %s", (transform) =>
    expectSameAnswers(
      regressorFixture({
        ...treeAttributes([weighing({ 0: 1, 1: -1 }, { 0: 2, 1: 3 })]),
        n_targets: { int: 2 },
        post_transform: { text: transform },
        base_values: { floats: [0.5, 0.25] },
      }),
    ),
  );

  const binary = cases.flatMap(([transform, base]) =>
    (
      [
        ["one weight a leaf for class 0, none negative", weighing({ 0: 0.25 }, { 0: 0.75 })],
        ["one weight a leaf for class 0", weighing({ 0: -0.25 }, { 0: 0.75 })],
        ["one weight a leaf for class 1, none negative", weighing({ 1: 0.25 }, { 1: 0.75 })],
        ["one weight a leaf for class 1", weighing({ 1: -0.25 }, { 1: 0.75 })],
        ["a weight for each class", weighing({ 0: 0.25, 1: 0.5 }, { 0: -0.5, 1: 0.75 })],
      ] as const
    ).map(([what, tree]) => [what, transform, base, tree] as const),
  );

  test.each(binary)("two classes, %s, %s, base %j", (_, transform, base, tree) =>
    expectSameAnswers(
      classifierFixture(tree, { classlabels_int64s: { ints: [0, 1] }, ...attributesOf(transform, base) }),
    ),
  );

  test("two classes with two base values are rejected", () => {
    const attributes = { classlabels_int64s: { ints: [0, 1] }, base_values: { floats: [0.5, 1] } };
    expect(() => readOnnxModel(classifierFixture(weighing({ 0: 1, 1: 1 }, { 0: 2, 1: 3 }), attributes))).toThrow(
      "two base values",
    );
  });

  test.each(transforms)("three named classes, %s", async (transform) => {
    const tree = weighing({ 0: 1, 1: -1, 2: 0.5 }, { 0: 2, 1: 3, 2: 0 });
    const bytes = classifierFixture(tree, {
      classlabels_strings: { texts: ["a", "b", "c"] },
      post_transform: { text: transform },
      base_values: { floats: [0.5, 0, 1] },
    });
    await expectSameAnswers(bytes);
    expect(readOnnxModel(bytes).classes).toEqual(["a", "b", "c"]);
  });
});

describe("TreeEnsemble of ai.onnx.ml 5", () => {
  const numbers = (values: readonly number[], type = 1): FixtureAttribute => ({
    tensor: tensorFixture("t", type, [values.length], values),
  });
  /** First tree: x0 MODE 0.5 → leaf 0, else x1 ∈ {1, 3} → leaf 1, else leaf 2. Second tree: leaf 3 alone. */
  const attributes: Readonly<Record<string, FixtureAttribute>> = {
    n_targets: { int: 2 },
    nodes_featureids: { ints: [0, 1, 0] },
    nodes_modes: numbers([0, 6, 0], 2),
    nodes_splits: numbers([0.5, 0, 0]),
    nodes_truenodeids: { ints: [0, 1, 3] },
    nodes_trueleafs: { ints: [1, 1, 1] },
    nodes_falsenodeids: { ints: [1, 2, 3] },
    nodes_falseleafs: { ints: [0, 1, 1] },
    nodes_missing_value_tracks_true: { ints: [0, 1, 0] },
    membership_values: numbers([1, 3, Number.NaN]),
    leaf_targetids: { ints: [0, 1, 0, 1] },
    leaf_weights: numbers([1, 2, 3, 0.5]),
    tree_roots: { ints: [0, 2] },
  };
  const file = (more: Readonly<Record<string, FixtureAttribute>>): Uint8Array<ArrayBuffer> =>
    onnxFixture({
      nodes: [{ opType: "TreeEnsemble", inputs: ["x"], outputs: ["y"], attributes: { ...attributes, ...more } }],
      inputs: [{ name: "x", columns: 2 }],
      outputs: [{ name: "y" }],
      mlVersion: 5,
    });

  test.each([0, 1, 2, 3, 4, 5])("mode %i with sets and a tree of one leaf", (mode) =>
    expectSameAnswers(file({ nodes_modes: numbers([mode, 6, 0], 2) })),
  );

  test.each([0, 1, 2])("post_transform %i is evaluated as in the runtime", (transform) =>
    expectSameAnswers(file({ post_transform: { int: transform } })),
  );

  test.each([
    [0, "AVERAGE"],
    [1, "SUM"],
  ])("aggregate_function %i (%s)", (aggregate) => expectSameAnswers(file({ aggregate_function: { int: aggregate } })));

  test("base values follow as an Add", async () => {
    const nodes: FixtureNode[] = [
      { opType: "TreeEnsemble", inputs: ["x"], outputs: ["sums"], attributes },
      { domain: "", opType: "Add", inputs: ["sums", "base"], outputs: ["y"] },
    ];
    const initializers = [tensorFixture("base", 1, [2], [10, 20])];
    await expectSameAnswers(
      onnxFixture({ nodes, inputs: [{ name: "x", columns: 2 }], outputs: [{ name: "y" }], initializers, mlVersion: 5 }),
    );
  });

  test("sets that do not match the nodes are rejected", () => {
    expect(() => readOnnxModel(file({ membership_values: numbers([1, Number.NaN, 2, Number.NaN]) }))).toThrow(
      "2 sets for 1 nodes",
    );
  });
});

describe("operators around the trees", () => {
  const trees = {
    opType: "TreeEnsembleRegressor",
    inputs: ["t"],
    outputs: ["s"],
    attributes: treeAttributes([stump(), stump({ mode: "BRANCH_GT", feature: 1, value: -0.5 })]),
  };
  const around = (
    before: readonly FixtureNode[],
    behind: readonly FixtureNode[],
    more: Partial<FixtureModel> = {},
  ): Uint8Array<ArrayBuffer> =>
    onnxFixture({
      nodes: [...before, trees, ...behind],
      inputs: [{ name: "x", columns: 2 }],
      outputs: [{ name: behind.length === 0 ? "s" : "y" }],
      ...more,
    });
  const plain = (
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes = {},
  ): FixtureNode => ({ domain: "", opType, inputs, outputs, attributes });
  const scaler = (offset: number[], scale: number[]): FixtureNode => ({
    opType: "Scaler",
    inputs: ["x"],
    outputs: ["t"],
    attributes: { offset: { floats: offset }, scale: { floats: scale } },
  });
  const imputer: FixtureNode = {
    opType: "Imputer",
    inputs: ["x"],
    outputs: ["t"],
    attributes: { imputed_value_floats: { floats: [0.75, -2] }, replaced_value_float: { float: Number.NaN } },
  };
  const initializers = [
    tensorFixture("two", 1, [2], [3, -0.1]),
    tensorFixture("one", 1, [1], [0.3]),
    tensorFixture("swap", 7, [2], [1, 0]),
    tensorFixture("shape", 7, [2], [-1, 2]),
  ];

  test.each<[string, FixtureNode[]]>([
    ["Scaler", [scaler([0.1, -0.3], [3.7, 0.01])]],
    ["Scaler that turns a column around", [scaler([0.1, 0.2], [-3.7, 1])]],
    ["Imputer", [imputer]],
    ["Mul and Add", [plain("Mul", ["x", "two"], ["m"]), plain("Add", ["m", "one"], ["t"])]],
    ["Sub from a constant and Div", [plain("Sub", ["one", "x"], ["m"]), plain("Div", ["m", "two"], ["t"])]],
    [
      "Cast to double and back",
      [plain("Cast", ["x"], ["m"], { to: { int: 11 } }), plain("Cast", ["m"], ["t"], { to: { int: 1 } })],
    ],
    ["columns picked in another order", [{ opType: "ArrayFeatureExtractor", inputs: ["x", "swap"], outputs: ["t"] }]],
    [
      "Gather, Concat and Reshape",
      [
        plain("Gather", ["x", "swap"], ["g"], { axis: { int: 1 } }),
        plain("Concat", ["g", "x"], ["c"], { axis: { int: 1 } }),
        plain("Gather", ["c", "swap"], ["d"], { axis: { int: 1 } }),
        plain("Reshape", ["d", "shape"], ["t"]),
      ],
    ],
  ])("before the trees: %s", (_, before) => expectSameAnswers(around(before, [], { initializers })));

  test.each<[string, FixtureNode[]]>([
    ["Sigmoid", [plain("Sigmoid", ["s"], ["y"])]],
    ["Exp and a factor", [plain("Exp", ["s"], ["e"]), plain("Mul", ["e", "one"], ["y"])]],
    [
      "a sum with itself, scaled and shifted",
      [plain("Sum", ["s", "s"], ["a"]), plain("Div", ["a", "one"], ["b"]), plain("Sub", ["one", "b"], ["y"])],
    ],
    ["Neg and Flatten", [plain("Neg", ["s"], ["n"]), plain("Flatten", ["n"], ["y"])]],
    [
      "one minus a probability, joined",
      [
        plain("Sigmoid", ["s"], ["p"]),
        plain("Sub", ["unit", "p"], ["q"]),
        plain("Concat", ["q", "p"], ["y"], { axis: { int: 1 } }),
      ],
    ],
  ])("after the trees: %s", (_, behind) =>
    expectSameAnswers(
      around([plain("Identity", ["x"], ["t"])], behind, {
        initializers: [...initializers, tensorFixture("unit", 1, [1], [1])],
      }),
    ),
  );

  test.each<[string, FixtureNode[], FixtureNode[], RegExp]>([
    [
      "a Normalizer before the trees",
      [{ opType: "Normalizer", inputs: ["x"], outputs: ["t"] }],
      [],
      /operator Normalizer before the trees/,
    ],
    ["a factor of zero", [scaler([0, 0], [1, 0])], [], /factor of zero/],
    [
      "two links",
      [plain("Identity", ["x"], ["t"])],
      [plain("Sigmoid", ["s"], ["p"]), plain("Exp", ["p"], ["y"])],
      /logistic and then through exp/,
    ],
    ["a square", [plain("Identity", ["x"], ["t"])], [plain("Mul", ["s", "s"], ["y"])], /operator Mul after the trees/],
  ])("rejected: %s", (_, before, behind, reason) => {
    expect(() => readOnnxModel(around(before, behind, { initializers }))).toThrow(reason);
  });

  test("an operator that no output depends on is ignored, and the runtime does not load it", async () => {
    const nowhere = plain("NonZero", ["s"], ["w"]);
    const bytes = around([plain("Identity", ["x"], ["t"])], [plain("Sigmoid", ["s"], ["y"]), nowhere]);
    await expectSameAnswers(bytes);
    const session = await ort.InferenceSession.create(readOnnxModel(bytes).probe.bytes);
    expect(session.outputNames).toEqual(["y"]);
    await session.release();
  });

  test("columns may be doubles, and rows may be exactly on thresholds that are not float32", async () => {
    const doubles = (values: number[]) => ({ tensor: tensorFixture("t", 11, [values.length], values) });
    const { nodes_values, nodes_hitrates, target_weights, ...lists } = treeAttributes([stump()]);
    expect([nodes_values, nodes_hitrates, target_weights]).not.toContain(undefined);
    const attributes = {
      ...lists,
      nodes_values_as_tensor: doubles([0.1, 0, 0]),
      target_weights_as_tensor: doubles([1, 2]),
    };
    const nodes = [{ opType: "TreeEnsembleRegressor", inputs: ["x"], outputs: ["y"], attributes }];
    const inputs = [{ name: "x", columns: 2, elementType: 11 }];
    await expectSameAnswers(onnxFixture({ nodes, inputs, outputs: [{ name: "y" }] }));
  });
});
