import { foreignModels } from "@bellwether/testing/foreign-models";
import { externalTensorFixture, rawTensorFixture, tensorFixture } from "@bellwether/testing/onnx-fixture";
import { regressorFixture, stump, treeAttributes } from "@bellwether/testing/tree-fixture";
import { expect, test } from "vitest";
import { importModel } from "./import-model.ts";

const MEBIBYTE = 1024 * 1024;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const sound = regressorFixture(treeAttributes([stump()]));
const boosted = foreignModels().find((file) => file.name === "xgboost-classifier.model");
const light = foreignModels().find((file) => file.name === "lightgbm-categories.txt");
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

/** A chain of nodes that each go one level down. */
function deepTree(levels: number) {
  return Array.from({ length: 2 * levels + 1 }, (_, at) => {
    if (at % 2 === 1 || at === 2 * levels) return { weights: { 0: at } };
    return { mode: "BRANCH_LEQ", value: at, yes: at + 1, no: at + 2 };
  });
}

/** The sound file with raw protobuf fields behind it. */
function followedBy(...bytes: readonly number[]): Uint8Array {
  return Uint8Array.from([...sound, ...bytes]);
}

/** JSON of XGBoost with one value replaced; the path names the keys that lead to it. */
function boostedWith(path: readonly string[], value: unknown): Uint8Array {
  const isReplaced = new Set([path.join(".")]);
  const replace = (node: unknown, at: readonly string[]): unknown => {
    if (isReplaced.has(at.join("."))) return value;
    if (Array.isArray(node)) return node.map((item, index) => replace(item, [...at, String(index)]));
    if (typeof node !== "object" || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, replace(item, [...at, key])]));
  };
  return text(JSON.stringify(replace(JSON.parse(textOf(boosted?.bytes)), [])));
}

const TREE = ["learner", "gradient_booster", "model", "trees", "0"];

function lightWith(from: RegExp, to: string): Uint8Array {
  return text(textOf(light?.bytes).replace(from, to));
}

const HOSTILE: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
  ["a file over 64 MiB", () => new Uint8Array(64 * MEBIBYTE + 1), /at most 67108864/],
  [
    "an initializer in another file",
    () => regressorFixture(treeAttributes([stump()]), { initializers: [externalTensorFixture("w", "/etc/passwd")] }),
    /external data/,
  ],
  [
    "an attribute in another file",
    () => regressorFixture({ ...treeAttributes([stump()]), spare: { tensor: externalTensorFixture("w", "../w.bin") } }),
    /external data/,
  ],
  [
    "an operator of an unknown domain",
    () =>
      regressorFixture(treeAttributes([stump()]), {
        extra: [{ domain: "evil.ops", opType: "Run", inputs: ["y"], outputs: ["z"] }],
      }),
    /unknown operator domain "evil.ops"/,
  ],
  ...["Loop", "Scan", "If"].map((opType): [string, () => Uint8Array, RegExp] => [
    `the operator ${opType}`,
    () =>
      regressorFixture(treeAttributes([stump()]), { extra: [{ domain: "", opType, inputs: ["y"], outputs: ["z"] }] }),
    /control flow/,
  ]),
  [
    "a subgraph on a harmless operator",
    () =>
      regressorFixture(treeAttributes([stump()]), {
        extra: [
          { domain: "", opType: "Identity", inputs: ["y"], outputs: ["z"], attributes: { body: { graph: true } } },
        ],
      }),
    /holds a graph of its own/,
  ],
  ["a cycle", () => regressorFixture(treeAttributes([stump({ no: 0 })])), /reached on two ways/],
  ["a child of two parents", () => regressorFixture(treeAttributes([stump({ no: 1 })])), /reached on two ways/],
  ["a child that does not exist", () => regressorFixture(treeAttributes([stump({ no: 77 })])), /no node 77/],
  [
    "a threshold that is no number",
    () => regressorFixture(treeAttributes([stump({ value: Number.NaN })])),
    /compares with NaN/,
  ],
  [
    "an infinite threshold",
    () => regressorFixture(treeAttributes([stump({ value: Number.POSITIVE_INFINITY })])),
    /compares with Infinity/,
  ],
  [
    "an infinite leaf",
    () => regressorFixture({ ...treeAttributes([stump()]), target_weights: { floats: [Number.NEGATIVE_INFINITY, 1] } }),
    /value -Infinity/,
  ],
  [
    "a column out of range",
    () => regressorFixture(treeAttributes([stump({ feature: 2_000_000_000 })])),
    /column 2000000000 of 2/,
  ],
  [
    "an input of two thousand million columns",
    () => regressorFixture(treeAttributes([stump()]), { columns: 2_000_000_000 }),
    /1 to 65536/,
  ],
  [
    "a thousand million targets",
    () => regressorFixture({ ...treeAttributes([stump()]), n_targets: { int: 1_000_000_000 } }),
    /1000000000 n_targets/,
  ],
  ["a tree of 20,000 levels", () => regressorFixture(treeAttributes([deepTree(20_000)])), /deeper than 1000/],
  ["a field that claims more bytes than there are", () => followedBy(0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f), /truncated/],
  ["a second graph that would be merged", () => followedBy(0x3a, 0x00), /graph twice/],
  ["functions of its own", () => followedBy(0xca, 0x01, 0x00), /functions/],
  [
    "a tensor of five million elements",
    () =>
      regressorFixture({
        ...treeAttributes([stump()]),
        nodes_values: { floats: [] },
        nodes_values_as_tensor: { tensor: rawTensorFixture("t", 1, [5_000_000], new Uint8Array(20_000_000)) },
      }),
    /more than 4194304/,
  ],
  [
    "a tensor whose shape claims 2^40 elements",
    () =>
      regressorFixture({
        ...treeAttributes([stump()]),
        nodes_values: { floats: [] },
        nodes_values_as_tensor: { tensor: tensorFixture("t", 11, [2 ** 40], [1]) },
      }),
    /holds 1 elements/,
  ],
  ["JSON nested a million deep", () => text(`${'{"a":'.repeat(1_000_000)}1`), /nested deeper than 64/],
  ["JSON of millions of empty lists", () => text(`{"learner":[${"[],".repeat(3_000_000)}[]]}`), /more lists/],
  ["JSON that ends in the middle", () => text(textOf(boosted?.bytes).slice(0, -40)), /not sound JSON/],
  [
    "a model that claims 10^12 columns",
    () => boostedWith(["learner", "learner_model_param", "num_feature"], "1000000000000"),
    /1000000000000/,
  ],
  ["a tree that leads back to its root", () => boostedWith([...TREE, "left_children", "0"], 0), /two parents/],
  [
    "a threshold beyond every number",
    () => text(textOf(boosted?.bytes).replace(/"split_conditions":\[[^,]*/, '"split_conditions":[1e999')),
    /Infinity/,
  ],
  [
    "UBJSON that claims 2^60 entries",
    () => Uint8Array.of(...text("{L"), 0, 0, 0, 0, 0, 0, 0, 1, ...text("a[$d#L"), 16, 0, 0, 0, 0, 0, 0, 0),
    /UBJSON|claims/,
  ],
  [
    "UBJSON nested a million deep",
    () =>
      Uint8Array.from([...text("{L"), 0, 0, 0, 0, 0, 0, 0, 1, ...text("a"), ...new Uint8Array(1_000_000).fill(0x5b)]),
    /nested deeper/,
  ],
  ["a LightGBM tree of 10^9 leaves", () => lightWith(/num_leaves=\d+/, "num_leaves=1000000000"), /1000000000 are due/],
  ["a LightGBM tree with a cycle", () => lightWith(/left_child=\S+/, "left_child=0"), /two parents/],
  ["a LightGBM file that ends in the middle", () => text(textOf(light?.bytes).slice(0, 1200)), /truncated/],
  ["a pickle", () => Uint8Array.of(0x80, 4, 0x95), /pickle/],
  ["something else", () => text("#!/bin/sh\nrm -rf /\n"), /not a sound ONNX file/],
];

test.each(HOSTILE)("refuses %s within 5 s and without the runtime", async (_, make, reason) => {
  const bytes = make();
  const started = performance.now();
  const refused = await importModel({
    bytes,
    modelName: "hostile",
    background: null,
    riskClass: null,
    runOnnx: () => Promise.reject(new Error("the file reached the runtime")),
  });
  expect(refused).toMatchObject({ status: "refused", reason: expect.stringMatching(reason) });
  expect(performance.now() - started).toBeLessThan(5_000);
});

test("refuses every beginning of a sound file, and says that it is cut off or broken", async () => {
  for (let length = 0; length < sound.length; length += 3) {
    const runOnnx = () => Promise.reject(new Error("the file reached the runtime"));
    const task = { bytes: sound.subarray(0, length), modelName: "cut", background: null, riskClass: null, runOnnx };
    expect(await importModel(task)).toMatchObject({ status: "refused", kind: "malformed" });
  }
});
